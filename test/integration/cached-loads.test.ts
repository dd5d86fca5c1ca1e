import { AsyncLocalStorage } from 'node:async_hooks';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedReads, readsThatSpoilNothing } from '../../scripts/lib/invalidation/observed.js';
import { createCacheSet, type CacheSet, type CacheSetOptions } from '../../src/cache/index.js';
import type { Model } from '../../src/db/index.js';
import { createSchema } from '../../src/graphql/index.js';
import { cacheTypes, typesShowing, type CacheType } from '../../src/invalidation/index.js';
import { cachedFields, cachedQuestions, type Question } from '../support/cached-questions.js';
import { openStage, type Stage } from '../support/cached-stage.js';
import { tablesIn } from '../support/tables.js';

/** Which type of answer the running code loads. The caches are the real ones; only their loads are told that they are loads. */
const loading = new AsyncLocalStorage<string>();
function watchedCaches(options: CacheSetOptions): CacheSet {
  const caches = createCacheSet(options);
  return {
    ...caches,
    read: (request) => caches.read({ ...request, load: () => loading.run(request.type, request.load) }),
  };
}

let stage: Stage;
let questions: readonly Question[];
/** Type -> the statements its loads ran. */
const statements = new Map<string, Set<string>>();
const asked = new Set<string>();
const readBy = new Map<string, readonly Model[]>();

beforeAll(async () => {
  stage = await openStage({ onStatement: note, cachesWith: watchedCaches });
  questions = cachedQuestions(await createSchema(), stage);
  for (const question of questions) {
    const { errors } = await stage.ask(question);
    if (errors.length > 0) throw new Error(`${question.asker} asked ${question.text}: ${errors[0]!.message}`);
    asked.add(question.field);
  }
  for (const [type, sqls] of statements) readBy.set(type, (await tablesIn(stage.app.database.url, sqls)).named);
}, 300_000);
afterAll(() => stage.close());

describe('a load for the cache', () => {
  it('is looked at for every cached field and every type of answer', () => {
    expect([...asked].toSorted()).toEqual(cachedFields());
    expect([...readBy.keys()].toSorted()).toEqual([...cacheTypes].toSorted());
  });

  it.each(cacheTypes)('of %s reads no model whose changes do not spoil it', (type) => {
    const exempt = readsThatSpoilNothing[type] ?? {};
    expect(readBy.get(type)!.filter((model) => !showingTypes(model).includes(type) && !exempt[model])).toEqual([]);
  });

  it('reads what docs/invalidation.md says', () => {
    expect(Object.fromEntries(readBy)).toEqual(cachedReads);
  });

  it('that would read one table more is found out', async () => {
    const oneMore = 'SELECT 1 FROM errand e LEFT JOIN fee_plan f ON f.id = e.id WHERE false';
    expect((await tablesIn(stage.app.database.url, [oneMore])).named).toEqual(['Errand', 'FeePlan']);
    expect(showingTypes('FeePlan')).toEqual([]);
  });
});

describe('a table that another program truncates', () => {
  it('is shown empty within the time a sweeper takes', async () => {
    const { document } = questions.find(({ text }) => text.includes('zanzibar'))!;
    const found = async () => (await stage.ask({ asker: 'anonymous', document })).data?.['banks'];
    expect(await found()).toHaveLength(1);
    const psql = new Client({ connectionString: stage.app.database.url });
    await psql.connect();
    await psql.query('TRUNCATE bank_alias');
    await psql.end();
    await expect.poll(found, { timeout: 45_000 }).toEqual([]);
  });
});

function note(sql: string): void {
  const type = loading.getStore();
  if (type === undefined) return;
  const known = statements.get(type) ?? new Set();
  statements.set(type, known.add(sql));
}

function showingTypes(model: Model): readonly CacheType[] {
  return (typesShowing as Readonly<Partial<Record<Model, readonly CacheType[]>>>)[model] ?? [];
}
