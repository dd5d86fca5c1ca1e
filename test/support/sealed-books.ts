import { expect } from 'vitest';
import type { Tx } from '../../src/db/index.js';
import { uuidv7 } from '../../src/kernel/index.js';
import {
  accounts,
  createSealer,
  transfer,
  verifyLedger,
  type JournalDraft,
  type LedgerVerification,
  type Sealer,
  type SealRound,
} from '../../src/modules/ledger/index.js';
import type { StoryMarket } from './stories.js';

export const lagMs = 1000;

class RolledBack extends Error {}

const settleMsMax = 120_000;

/** Rounds until the sealer waits for nobody: transactions of other databases in the cluster hold closing up, too. */
export async function settled(sealer: Sealer): Promise<SealRound> {
  const deadlineMs = performance.now() + settleMsMax;
  let seals = 0;
  let head: string | undefined;
  for (;;) {
    const round = await sealer.round();
    seals += round.seals;
    head = round.head ?? head;
    const isSettled = round.closing === 'closed' || round.closing === 'idle';
    if (isSettled || performance.now() > deadlineMs) return { ...round, seals, head };
  }
}

/** A market's books to be sealed, and to be tampered with as neither the application nor the database lets anybody do. */
export function sealedBooks({ db, clock, tenantId, customer }: StoryMarket) {
  const sealer = createSealer({ db, clock, lagMs });
  const verify = (knownHead?: string) => verifyLedger(db.read, knownHead === undefined ? {} : { knownHead });
  const unguarded = (tx: Tx) => tx.$executeRaw`SET LOCAL session_replication_role = replica`;
  return {
    sealer,
    verify,
    /** Lets so much time pass that everything booked so far is sealed. @returns the head */
    async seal(): Promise<string> {
      clock.forward(2 * lagMs);
      const { head } = await settled(sealer);
      return head!;
    },
    draft(patch: Partial<JournalDraft> = {}): JournalDraft {
      const now = clock.now();
      const postings = transfer(accounts.pspClearing('sandbox'), accounts.wallet(customer.userId), 100n);
      const names = { id: uuidv7(), tenantId, kind: 'test', businessRef: 'test:1', actorId: null };
      return { ...names, currency: 'NGN', effectiveAt: now, recordedAt: now, postings, ...patch };
    },
    /** For good. */
    async tamper(work: (tx: Tx) => Promise<unknown>): Promise<LedgerVerification> {
      await db.write(async (tx) => {
        await unguarded(tx);
        await work(tx);
      });
      return verify();
    },
    /** What is found when `sql` has been done to the books; they are then as before. */
    async whenForged(sql: string): Promise<LedgerVerification> {
      let found: LedgerVerification | undefined;
      const forging = db.write(async (tx) => {
        await unguarded(tx);
        expect(await tx.$executeRawUnsafe(sql), sql).toBeGreaterThan(0);
        found = await verifyLedger(tx);
        throw new RolledBack();
      });
      await expect(forging).rejects.toBeInstanceOf(RolledBack);
      return found!;
    },
    async columnsOf(table: string): Promise<readonly string[]> {
      const rows = await db.read.$queryRaw<{ name: string }[]>`
        SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = ${table}
        ORDER BY column_name COLLATE "C"`;
      return rows.map(({ name }) => name);
    },
  };
}
