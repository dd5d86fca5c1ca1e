import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { expect } from 'vitest';
import type { Db } from '../../src/db/index.js';
import { uuidv7 } from '../../src/kernel/index.js';
import type { Answer, GraphqlClient } from './graphql-client.js';

export type Payload = Readonly<Record<string, unknown>> & { readonly isReplay: boolean };

const errandParts =
  'errand { id title state version budget { minor } pickupAddress pickupPoint { lat lng } expiresAt fundBy customer { displayName } runner { displayName } escrow { id state version } }';
const escrowParts =
  'escrow { id state version gross { minor } funded { minor } fundedAt errand { id state version } runner { displayName } }';
const stepsParts =
  'escrow { id state version held { minor } service { minor } goods { minor } goodsReceipted { minor } tips { minor } errand { id state version } } errand { id state version escrow { id state version } }';
const disputeParts =
  'dispute { id state version reason response dueAt settledAt claim { minor } customer { displayName } evidence { id } decisions { id outcome decidedAt } errand { id state version dispute { id state version } } }';
const disputeAnswer = `${disputeParts} errand { id state version }`;
const offerParts = 'offer { id state version amount { minor } expiresAt errand { id state version } }';

interface Call {
  readonly field: string;
  readonly types: Readonly<Record<string, string>>;
  readonly selection: string;
}

/** The mutations that take a key, each with all that two answers are compared by. */
const calls = {
  postErrand: { field: 'postErrand', types: { input: 'PostErrandInput!' }, selection: errandParts },
  updateErrand: { field: 'updateErrand', types: { id: 'ID!', input: 'UpdateErrandInput!' }, selection: errandParts },
  publishErrand: { field: 'publishErrand', types: { id: 'ID!' }, selection: errandParts },
  makeOffer: { field: 'makeOffer', types: { errandId: 'ID!', input: 'MakeOfferInput!' }, selection: offerParts },
  withdrawOffer: { field: 'withdrawOffer', types: { offerId: 'ID!' }, selection: offerParts },
  acceptOffer: { field: 'acceptOffer', types: { offerId: 'ID!' }, selection: `${escrowParts} ${errandParts}` },
  counterOffer: {
    field: 'counterOffer',
    types: { offerId: 'ID!', input: 'CounterOfferInput!' },
    selection: offerParts,
  },
  answerCounter: {
    field: 'answerCounter',
    types: { offerId: 'ID!', input: 'CounterOfferInput!' },
    selection: offerParts,
  },
  acceptCounter: { field: 'acceptCounter', types: { offerId: 'ID!' }, selection: `${escrowParts} ${errandParts}` },
  topUpWallet: {
    field: 'topUpWallet',
    types: { input: 'TopUpInput!' },
    selection: 'providerRef wallet { balance { minor formatted } }',
  },
  payForErrand: {
    field: 'payForErrand',
    types: { errandId: 'ID!' },
    selection: `charge { id state amount { minor } received { minor } landed detour errand { id version } } ${errandParts}`,
  },
  fundEscrow: { field: 'fundEscrow', types: { errandId: 'ID!' }, selection: `${escrowParts} ${errandParts}` },
  startErrand: { field: 'startErrand', types: { id: 'ID!' }, selection: errandParts },
  submitProof: { field: 'submitProof', types: { id: 'ID!', proofs: '[ProofInput!]!' }, selection: errandParts },
  confirmDelivery: {
    field: 'confirmDelivery',
    types: { errandId: 'ID!', goodsSpentMinor: 'BigInt' },
    selection: `${escrowParts} ${errandParts}`,
  },
  cancelErrand: { field: 'cancelErrand', types: { id: 'ID!', reason: 'String' }, selection: errandParts },
  dropErrand: {
    field: 'dropErrand',
    types: { id: 'ID!', reason: 'String' },
    selection: 'escrow { id state version refunded { minor } } errand { id state version }',
  },
  agreeMilestones: {
    field: 'agreeMilestones',
    types: { errandId: 'ID!', milestones: '[MilestoneInput!]!' },
    selection: stepsParts,
  },
  releaseMilestone: {
    field: 'releaseMilestone',
    types: { errandId: 'ID!', seq: 'Int!' },
    selection: `${escrowParts} errand { id state version }`,
  },
  topUpEscrow: {
    field: 'topUpEscrow',
    types: { errandId: 'ID!', serviceMinor: 'BigInt', goodsMinor: 'BigInt' },
    selection: stepsParts,
  },
  tipRunner: { field: 'tipRunner', types: { errandId: 'ID!', amountMinor: 'BigInt!' }, selection: stepsParts },
  addReceipts: {
    field: 'addReceipts',
    types: { errandId: 'ID!', receipts: '[ReceiptInput!]!' },
    selection: stepsParts,
  },
  confirmByCode: { field: 'confirmByCode', types: { errandId: 'ID!', code: 'String!' }, selection: stepsParts },
  openDispute: {
    field: 'openDispute',
    types: { errandId: 'ID!', input: 'OpenDisputeInput!' },
    selection: disputeAnswer,
  },
  respondToDispute: {
    field: 'respondToDispute',
    types: { disputeId: 'ID!', input: 'RespondToDisputeInput!' },
    selection: disputeAnswer,
  },
  addEvidence: {
    field: 'addEvidence',
    types: { disputeId: 'ID!', evidence: '[EvidenceInput!]!' },
    selection: disputeAnswer,
  },
  withdrawDispute: { field: 'withdrawDispute', types: { disputeId: 'ID!' }, selection: disputeAnswer },
  proposeResolution: {
    field: 'proposeResolution',
    types: { disputeId: 'ID!', input: 'ProposeResolutionInput!' },
    selection: disputeAnswer,
  },
  approveResolution: {
    field: 'approveResolution',
    types: { disputeId: 'ID!', decisionId: 'ID!' },
    selection: disputeAnswer,
  },
  appealDispute: {
    field: 'appealDispute',
    types: { disputeId: 'ID!', reason: 'String!' },
    selection: disputeAnswer,
  },
} as const satisfies Record<string, Call>;
export type Name = keyof typeof calls;

/** Asks for one mutation, with the key as its argument unless it is undefined. */
export async function ask(
  client: GraphqlClient,
  name: Name,
  variables: Readonly<Record<string, unknown>>,
  idempotencyKey?: string,
): Promise<Answer<Record<string, Payload>>> {
  const { field, selection, types }: Call = calls[name];
  const names = Object.keys(types).filter((part) => part in variables);
  const declared = [...names.map((part) => `$${part}: ${types[part]}`), '$key: String'].join(', ');
  const given = [...names.map((part) => `${part}: $${part}`), 'idempotencyKey: $key'].join(', ');
  const document = parse(`mutation (${declared}) { ${field}(${given}) { ${selection} isReplay } }`);
  return client.ask(document as TypedDocumentNode<Record<string, Payload>>, { ...variables, key: idempotencyKey });
}

/** The payload. @throws when the answer has errors */
export async function mutate(client: GraphqlClient, name: Name, variables: object, key?: string): Promise<Payload> {
  const { data, errors } = await ask(client, name, variables as Record<string, unknown>, key);
  expect(errors).toEqual([]);
  return data![name]!;
}

/** Asks three times with one key. The first answer moves something, the others move nothing and are the same. */
export async function thrice(
  db: Pick<Db, 'read'>,
  client: GraphqlClient,
  name: Name,
  variables: object,
): Promise<Payload> {
  const key = uuidv7();
  const before = await everything(db);
  const first = await mutate(client, name, variables, key);
  expect(first.isReplay).toBe(false);
  const after = await everything(db);
  expect(after).not.toEqual(before);
  for (let again = 0; again < 2; again += 1) {
    expect(await mutate(client, name, variables, key)).toEqual({ ...first, isReplay: true });
  }
  expect(await everything(db)).toEqual(after);
  return first;
}

/** Every row of every table that business is written in. */
export async function everything(db: Pick<Db, 'read'>): Promise<unknown> {
  return db.read.$queryRaw`
    SELECT (SELECT json_agg(e ORDER BY id) FROM errand e) AS errands, (SELECT json_agg(o ORDER BY id) FROM offer o) AS offers,
      (SELECT json_agg(e ORDER BY id) FROM escrow e) AS escrows, (SELECT json_agg(c ORDER BY id) FROM charge c) AS charges,
      (SELECT json_agg(p ORDER BY id) FROM proof p) AS proofs, (SELECT count(*)::int FROM journal) AS journals,
      (SELECT json_agg(d ORDER BY id) FROM dispute d) AS disputes, (SELECT json_agg(d ORDER BY id) FROM dispute_decision d) AS decisions,
      (SELECT json_agg(d ORDER BY id) FROM dispute_evidence d) AS evidence,
      (SELECT count(*)::int FROM process_event) AS events, (SELECT count(*)::int FROM outbox) AS news,
      (SELECT count(*)::int FROM idempotency_record) AS records`;
}

export const naira = (minor: number) => ({ minor, currency: 'NGN' as const });
export const idOf = (payload: Payload, part: string): string => (payload[part] as { id: string }).id;
export const proofs = [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }];
