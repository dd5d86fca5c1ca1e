import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDb, type Db, type Tx } from '../../src/db/index.js';
import { silentLogger, uuidv7 } from '../../src/kernel/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let dbs: readonly [Db, Db];
const slugs = ['deadlock-a', 'deadlock-b'] as const;

beforeAll(async () => {
  database = await createTestDatabase();
  const open = (): Db => createDb({ url: database.url, logger: silentLogger, random: () => 0.25 });
  dbs = [open(), open()];
  const rows = slugs.map((slug) => ({ id: uuidv7(), slug, name: '', currency: 'NGN', createdAt: new Date() }));
  await dbs[0].write((tx) => tx.tenant.createMany({ data: rows }));
});
afterAll(async () => {
  await Promise.all(dbs.map((db) => db.close()));
  await database.drop();
});

const sign = (tx: Tx, slug: string, letter: string): Promise<number> =>
  tx.$executeRaw`UPDATE tenant SET name = name || ${letter} WHERE slug = ${slug}`;

/** Resolves for everybody once both have come. */
function barrier(): () => Promise<void> {
  let [here, go] = [0, (): void => {}];
  const together = new Promise<void>((resolve) => (go = resolve));
  return async () => {
    here += 1;
    if (here === 2) go();
    await together;
  };
}

it('two writes that lock the same rows in opposite orders both succeed, each once: the one that PostgreSQL ends is tried again', async () => {
  const bothHoldOne = barrier();
  const tries = [0, 0];
  const crossed = (db: Db, index: 0 | 1): Promise<void> =>
    db.write(async (tx) => {
      tries[index]! += 1;
      const letter = 'xy'[index]!;
      await sign(tx, slugs[index], letter);
      // Only the first time round: the one that is ended comes back when the other is done.
      if (tries[index] === 1) await bothHoldOne();
      await sign(tx, slugs[index === 0 ? 1 : 0], letter);
    });
  await Promise.all([crossed(dbs[0], 0), crossed(dbs[1], 1)]);
  expect(tries.toSorted()).toEqual([1, 2]);
  const rows = await dbs[0].read.tenant.findMany({ where: { slug: { in: [...slugs] } }, orderBy: { slug: 'asc' } });
  expect(rows.map(({ name }) => [...name].toSorted().join(''))).toEqual(['xy', 'xy']);
});
