import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPayoutMarket, type PayoutMarket } from '../support/payouts.js';

const migrationFile = new URL('../../prisma/migrations/20261122140000_payment_ends/migration.sql', import.meta.url);
let market: PayoutMarket;
beforeAll(async () => void (market = await startPayoutMarket({ approvalAbove: () => 0n })));
afterAll(() => market.close());

/** The tables as they were while what waits for FINANCE was looked at by nobody. */
const takeBack = `
  DROP INDEX charge_lately;
  ALTER TABLE payout DROP CONSTRAINT payout_looked_at, DROP COLUMN doubted_at, DROP COLUMN told_amount, DROP COLUMN told_currency,
    DROP COLUMN told_fee, DROP COLUMN settle_proposed_by_id;
  UPDATE payout SET next_check_at = NULL WHERE state = 'REQUESTED';`;
const oldRule = `
  ALTER TABLE payout ADD CONSTRAINT payout_looked_at CHECK (
    CASE WHEN state IN ('QUEUED', 'SUBMITTING', 'PENDING', 'NEEDS_OTP', 'UNKNOWN') THEN next_check_at IS NOT NULL
         WHEN state = 'PAID' THEN TRUE ELSE next_check_at IS NULL END);`;

it('finds payouts that wait for FINANCE, and they are told of and given back like new ones', async () => {
  const { clock, payouts, payee, request, worker, wallet, tenantId, database } = market;
  const waiting = await Promise.all([payee(), payee()]);
  const [first, second] = await Promise.all(waiting.map(({ viewer, account }) => request(viewer, account.id, 40_000n)));
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(takeBack);
  await client.query(oldRule);
  // A name of an enumeration cannot be taken back.
  const migration = (await readFile(migrationFile, 'utf8')).replace('ADD VALUE', 'ADD VALUE IF NOT EXISTS');
  await client.query(migration).finally(() => client.end());
  await worker.work();
  expect(await payouts.get(market.finance, first!.id)).toMatchObject({ state: 'REQUESTED', version: first!.version });
  clock.forward(3 * 86_400_000);
  await worker.work();
  const steps = async (id: string) => (await payouts.eventsFor(tenantId, [id])).map(({ transition }) => transition);
  expect(await steps(first!.id)).toEqual(['request', 'remind']);
  await payouts.approve(market.finance, first!.id);
  clock.forward(4 * 86_400_000);
  await worker.work();
  expect((await payouts.get(market.finance, first!.id)).state).toBe('PAID');
  expect(await steps(second!.id)).toEqual(['request', 'remind', 'expire']);
  expect(await wallet(waiting[1]!.viewer)).toBe(100_000n);
  await market.assertSound();
});
