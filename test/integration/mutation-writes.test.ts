import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mutationWrites } from '../../scripts/lib/invalidation/observed.js';
import type { Model } from '../../src/db/index.js';
import { createSchema } from '../../src/graphql/index.js';
import { systemClock } from '../../src/kernel/index.js';
import { createSandboxServer, type SandboxServer } from '../../src/modules/providers/index.js';
import { everyMutation } from '../support/every-mutation.js';
import { openMarket } from '../support/market.js';
import { withKey, type Mutate } from '../support/mutation-stage.js';
import { addBank } from '../support/payouts.js';
import type { Row } from '../support/sample-rows.js';
import { tablesIn } from '../support/tables.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let sandbox: SandboxServer;
/** Of the mutation that runs. */
let statements: string[] = [];
const sqlOf = new Map<string, Set<string>>();
const toldOf = new Map<string, Set<Model>>();
const written: Record<string, readonly Model[]> = {};

beforeAll(async () => {
  // Timers write on their own, whatever is asked.
  sandbox = await createSandboxServer({ clock: systemClock });
  const { url: SANDBOX_URL, key: SANDBOX_KEY, webhookSecret: SANDBOX_WEBHOOK_SECRET } = sandbox;
  const env = { SANDBOX_URL, SANDBOX_KEY, SANDBOX_WEBHOOK_SECRET, PAYOUT_APPROVAL_ABOVE: 'NGN=1000' };
  app = await startTestApp({ env, onStatement: (sql) => statements.push(sql), timersEveryMs: 3_600_000 });
  const tenantId = await openMarket(app.app.db);
  const bankId = await addBank(app.app.db, { now: () => new Date() });
  // What was done before the first mutation is no mutation's.
  await app.app.db.tellUntold(0);
  const fields = Object.values((await createSchema()).getMutationType()!.getFields());
  const takesKey = fields.filter(({ args }) => args.some(({ name }) => name === 'idempotencyKey'));
  const keyed = new Set(takesKey.map(({ name }) => name));
  let running = '';
  app.app.db.onCommitted(async (changes) => {
    for (const { model } of changes) toldOf.set(running, (toldOf.get(running) ?? new Set()).add(model));
  });

  /** Asks for one mutation and keeps the statements it took, apart from those that tell the cache and set timers. */
  const mutate: Mutate = async (client, field, args, selection, variables = {}, fails = false) => {
    running = field;
    statements = [];
    const { declared, given } = keyed.has(field) ? withKey(args) : args;
    const document = parse(`mutation${declared} { ${field}${given} { ${selection} } }`);
    const { data, errors } = await client.ask(document as TypedDocumentNode<Row>, variables);
    if (errors.length > 0 && !fails) throw new Error(`${field}: ${errors.map(({ message }) => message).join('; ')}`);
    const known = sqlOf.get(field) ?? new Set();
    for (const sql of statements) if (!/row_change|INTO job_ahead|^(BEGIN|COMMIT|ROLLBACK)/i.test(sql)) known.add(sql);
    sqlOf.set(field, known);
    return (data?.[field] ?? {}) as never;
  };
  await everyMutation({ app, tenantId, bankId, sandbox, mutate });
  for (const [field, sqls] of sqlOf) {
    written[field] = (await tablesIn(app.database.url, sqls)).written;
  }
}, 300_000);
afterAll(async () => {
  await app.close();
  await sandbox.close();
});

describe('a mutation', () => {
  it('is looked at, every one that the schema has', async () => {
    const fields = Object.keys((await createSchema()).getMutationType()!.getFields());
    expect(Object.keys(written).toSorted()).toEqual(fields.toSorted());
  });

  it('writes the models that docs/invalidation.md says', () => {
    expect(written).toEqual(mutationWrites);
  });

  it('changes rows of no model that its statements do not write', () => {
    for (const [field, told] of toldOf)
      expect([field, written[field]]).toEqual([field, expect.arrayContaining([...told])]);
  });
});
