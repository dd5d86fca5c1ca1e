import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { StartErrandDocument, SubmitProofDocument } from './generated/graphql.js';
import type { Asker, Question, QuestionIds } from './cached-questions.js';
import type { Answer, GraphqlClient } from './graphql-client.js';
import { agree, dispute, fund, join, openMarket, post, type Person } from './market.js';
import { sampleRow, type Row, type SampleRows } from './sample-rows.js';
import { startTestApp, type TestApp, type TestAppOptions } from './test-app.js';

/** A market in which every cached question has an answer, behind one server. */
export interface Stage extends QuestionIds {
  readonly app: TestApp;
  readonly people: Readonly<Record<Exclude<Asker, 'anonymous'>, Person>>;
  /** Asks the server of the stage, or another one on its database. */
  ask(question: Pick<Question, 'asker' | 'document'>, url?: string): Promise<Answer<Record<string, unknown>>>;
  close(): Promise<void>;
}

const hourMs = 3_600_000;

export async function openStage(options: Pick<TestAppOptions, 'onStatement' | 'cachesWith'> = {}): Promise<Stage> {
  // Timers look for due errands on their own, whatever is asked.
  const app = await startTestApp({ ...options, timersEveryMs: hourMs });
  const { db } = app.app;
  const tenantId = await openMarket(db);
  const [customer, runner, staff] = [
    await join(app.client, 'CUSTOMER'),
    await join(app.client, 'RUNNER'),
    await join(app.client, 'CUSTOMER', 'STAFF'),
  ];
  const banks = [sampleRow('Bank', {} as SampleRows), sampleRow('Bank', {} as SampleRows)];
  await db.write(async (tx) => {
    const grant = sampleRow('RoleGrant', { User: { id: staff.id, tenantId } as Row } as SampleRows);
    await tx.roleGrant.create({ data: { ...grant, role: 'SUPPORT', scope: '*' } as never });
    for (const Bank of banks) {
      await tx.bank.create({ data: Bank as never });
      await tx.bankCode.create({ data: sampleRow('BankCode', { Bank } as SampleRows) as never });
    }
    await tx.bankAlias.create({ data: { bankId: banks[0]!['id'] as string, name: 'Zanzibar Trust' } });
  });
  const errandId = await post(customer, { pickupAddress: '1 Station Road', pickupPoint: { lat: 6.5, lng: 3.4 } });
  const escrowId = await agree(customer, runner, errandId);
  await fund(customer, errandId);
  await runner.client.get(StartErrandDocument, { id: errandId });
  await runner.client.get(SubmitProofDocument, { id: errandId, proofs: [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }] });
  await post(customer);
  const disputed = await post(customer);
  await agree(customer, runner, disputed);
  await fund(customer, disputed);
  const disputeId = await dispute(runner, customer, disputed);
  const people = { customer, runner, staff };
  return {
    app,
    people,
    userId: customer.id,
    errandId,
    escrowId,
    disputeId,
    ask({ asker, document }, url) {
      const client: GraphqlClient = asker === 'anonymous' ? app.client : people[asker].client;
      return (url ? client.at(url) : client).ask(document as TypedDocumentNode<Record<string, unknown>>);
    },
    close: () => app.close(),
  };
}
