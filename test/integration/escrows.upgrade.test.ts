import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proof, startMarket, type StoryMarket } from '../support/stories.js';

const migrationFile = new URL('../../prisma/migrations/20261121005000_extras/migration.sql', import.meta.url);
let market: StoryMarket;
beforeAll(async () => {
  market = await startMarket();
});
afterAll(() => market.close());

const goods = { goodsBudget: { minor: 200_000n, currency: 'NGN' } };

/** The tables as they were before an escrow knew its parts. */
const takeBack = `
  DROP TABLE milestone, handover_code;
  DROP TYPE milestone_state, handover_phase;
  ALTER TABLE errand DROP COLUMN goods_in_advance, DROP COLUMN requires_pickup_code, DROP COLUMN requires_dropoff_code;
  ALTER TABLE proof DROP COLUMN amount;
  ALTER TABLE escrow DROP CONSTRAINT escrow_in_part, DROP COLUMN goods, DROP COLUMN service_released, DROP COLUMN commission_released,
    DROP COLUMN vat_released, DROP COLUMN goods_receipted, DROP COLUMN goods_advanced, DROP COLUMN tips;`;

describe('a database with errands of every kind', () => {
  it('is told by the migration what part of each escrow is for goods, and goes on from there', async () => {
    const { tell, errands, escrows, disputes, customer, runner, db } = market;
    await tell.accepted(goods, 450_000n);
    const delivered = await tell.delivered(goods, 450_000n);
    await tell.delivered({}, 450_000n);
    const done = await tell.delivered(goods, 450_000n);
    await escrows.confirm(customer, done.errand.id);
    const disputed = await tell.delivered(goods, 450_000n);
    await disputes.open(customer, disputed.errand.id, { reason: 'The box was wet.', claimMinor: 1n });
    const dropped = await tell.started(goods, 450_000n);
    await escrows.drop(runner, dropped.errand.id);
    await errands.update(customer, dropped.errand.id, { goodsBudget: { minor: 900_000n, currency: 'NGN' } });
    const rows = () => db.read.escrow.findMany({ orderBy: { id: 'asc' } });
    const before = await rows();
    expect(before.filter((escrow) => escrow.goods === 200_000n).length).toBe(5);

    await inOneSession(market.database.url, [takeBack, await readFile(migrationFile, 'utf8')]);
    expect(await rows()).toEqual(before);
    const { errand } = await escrows.confirm(customer, delivered.errand.id, { goodsSpent: 1n });
    expect(errand.state).toBe('COMPLETED');
    const next = await tell.started(goods, 450_000n);
    await errands.submitProof(runner, next.errand.id, [proof]);
    await escrows.confirm(customer, next.errand.id);
    await market.assertSound();
  });
});

async function inOneSession(url: string, scripts: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const script of scripts) await client.query(script);
  } finally {
    await client.end();
  }
}
