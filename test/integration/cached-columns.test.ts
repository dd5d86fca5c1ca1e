import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedReads } from '../../scripts/lib/invalidation/observed.js';
import { dataModel, Prisma, type Model } from '../../src/db/index.js';
import { createSchema } from '../../src/graphql/index.js';
import { cachedQuestions, together, type Question } from '../support/cached-questions.js';
import { openStage, type Stage } from '../support/cached-stage.js';
import { changeColumn, deleteRow, firstRowOf, restoreColumn, type JsonRow } from '../support/column-changes.js';
import { delegateOf, sampleRow, type SampleRows } from '../support/sample-rows.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** The models that any load for the cache reads; that it reads no others is a test of its own. */
const models = [...new Set(Object.values(cachedReads).flat())].toSorted();

let stage: Stage;
/** A server without a cache on the same database: what it answers is true. */
let truth: TestApp;
let questions: readonly Question[];
let documents: readonly Question[];

beforeAll(async () => {
  stage = await openStage();
  truth = await startTestApp({
    database: stage.app.database,
    env: { CACHE_ENABLED: 'False' },
    timersEveryMs: 3_600_000,
  });
  questions = cachedQuestions(await createSchema(), stage);
  documents = together(questions);
}, 300_000);
afterAll(async () => {
  await truth.close();
  await stage.close();
});

describe('an answer from the cache is the one from the database', () => {
  it('when nothing has changed, for every question', async () => {
    await expectTrueAnswers('first');
    await expectTrueAnswers('again');
    const outcomes = await Promise.all(documents.map(async (document) => (await stage.ask(document)).cacheStatus));
    const members = outcomes.flatMap((status) => status.split(', '));
    expect(members.filter((member) => !member.startsWith('RunAm; hit;'))).toEqual([]);
    expect(members).toHaveLength(questions.length);
  });

  it.each(models)(
    'after any column of a row of %s has changed, and when it is as before again',
    async (model) => {
      const shown: string[] = [];
      for (const column of Object.keys(dataModel[model].columns)) {
        const known = await expectTrueAnswers(model);
        const before = await firstRow(model);
        const after = await change(model, column, before);
        if (!after) continue;
        const answers = await expectTrueAnswers(`${model}.${column} changed`);
        if (JSON.stringify(answers) !== JSON.stringify(known)) shown.push(column);
        await stage.app.app.db.write((tx) => restoreColumn(tx, model, column, before, after));
      }
      await expectTrueAnswers(`${model} as before`);
      expect(shown).not.toEqual([]);
    },
    300_000,
  );

  it.each(models)(
    'after a row of %s was added, and after it was deleted',
    async (model) => {
      const { db } = stage.app.app;
      const row = sampleRow(model, await stageRows(model));
      const known = await expectTrueAnswers(model);
      await db.write((tx) => delegateOf(tx, model)['create']!({ data: row }));
      await expectTrueAnswers(`${model} added`);
      await db.write((tx) => deleteRow(tx, model, row));
      expect(await expectTrueAnswers(`${model} deleted`)).toEqual(known);
    },
    300_000,
  );

  it.each(['BankAlias', 'BankCode', 'Offer', 'Escrow', 'UserProfile', 'RoleGrant', 'Session'] as const)(
    'as soon as a unit of work has truncated %s',
    async (model) => {
      const known = await expectTrueAnswers(`${model} before TRUNCATE`);
      await stage.app.app.db.write((tx) => tx.$executeRawUnsafe(`TRUNCATE ${dataModel[model].table} CASCADE`));
      expect(await expectTrueAnswers(`${model} truncated`)).not.toEqual(known);
    },
    300_000,
  );
});

/** Asks both servers everything. @returns what both said */
async function expectTrueAnswers(when: string): Promise<readonly unknown[]> {
  return Promise.all(documents.map((document) => expectTrueAnswer(when, document)));
}

async function expectTrueAnswer(when: string, document: Question): Promise<unknown> {
  const live = await stage.ask(document, truth.url);
  if (!live.data && document.field.includes(',')) {
    // One refusal takes every other answer of the document along, so each is asked for alone.
    const own = questions.filter(({ asker }) => asker === document.asker);
    return Promise.all(own.map((question) => expectTrueAnswer(when, question)));
  }
  const cached = await stage.ask(document);
  expect({ when, asked: document.text, ...shownBy(cached) }).toEqual({ when, asked: document.text, ...shownBy(live) });
  return shownBy(live);
}

function shownBy({ data, errors }: Awaited<ReturnType<Stage['ask']>>) {
  return { data, errors: errors.map(({ message, extensions }) => [message, extensions.code]) };
}

function firstRow(model: Model): Promise<JsonRow> {
  return firstRowOf(stage.app.app.db.read, model);
}

/** @returns the row then; undefined when the database takes nothing else in this column */
async function change(model: Model, column: string, row: JsonRow): Promise<JsonRow | undefined> {
  for (let nth = 0; ; nth += 1) {
    try {
      return await stage.app.app.db.write((tx) => changeColumn(tx, model, column, row, nth));
    } catch (error) {
      if (!(error instanceof Prisma.PrismaClientKnownRequestError)) throw error;
    }
  }
}

/** What a new row is to name: the people and things that questions are about. */
async function stageRows(model: Model): Promise<SampleRows> {
  const { read } = stage.app.app.db;
  const errands = await read.errand.findMany({ orderBy: { id: 'asc' } });
  return {
    Tenant: await read.tenant.findFirst(),
    FeePlan: await read.feePlan.findFirst(),
    User: await (model === 'UserProfile' ? newUser() : read.user.findUnique({ where: { id: stage.userId } })),
    Escrow: await read.escrow.findFirst({ orderBy: { id: 'asc' } }),
    // The second one has no escrow yet.
    Errand: errands[model === 'Escrow' ? 1 : 0],
    Bank: await read.bank.findFirst(),
  } as unknown as SampleRows;
}

async function newUser(): Promise<unknown> {
  const Tenant = await stage.app.app.db.read.tenant.findFirst();
  const data = sampleRow('User', { Tenant } as unknown as SampleRows);
  return stage.app.app.db.write((tx) => delegateOf(tx, 'User')['create']!({ data }));
}
