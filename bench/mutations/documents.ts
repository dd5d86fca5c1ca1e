/** The main road, a call each, in its order. */
export const roadSteps = [
  'postErrand',
  'makeOffer',
  'acceptOffer',
  'fundEscrow',
  'startErrand',
  'submitProof',
  'confirmDelivery',
] as const;
export type RoadStep = (typeof roadSteps)[number];

/** The ids that later calls of a road need from earlier ones. */
export interface RoadIds {
  readonly errandId: string;
  readonly offerId: string;
}

export const amountMinor = 200;

const key = '$key: String';
const errand = 'errand { id state version }';
const queries: Readonly<Record<RoadStep, string>> = {
  postErrand: `mutation postErrand($input: PostErrandInput!, ${key}) {
    postErrand(input: $input, idempotencyKey: $key) { ${errand} } }`,
  makeOffer: `mutation makeOffer($errandId: ID!, $input: MakeOfferInput!, ${key}) {
    makeOffer(errandId: $errandId, input: $input, idempotencyKey: $key) { offer { id state version } } }`,
  acceptOffer: `mutation acceptOffer($offerId: ID!, ${key}) {
    acceptOffer(offerId: $offerId, idempotencyKey: $key) { ${errand} escrow { id state } } }`,
  fundEscrow: `mutation fundEscrow($errandId: ID!, ${key}) {
    fundEscrow(errandId: $errandId, idempotencyKey: $key) { ${errand} escrow { id state } } }`,
  startErrand: `mutation startErrand($errandId: ID!, ${key}) {
    startErrand(id: $errandId, idempotencyKey: $key) { ${errand} } }`,
  submitProof: `mutation submitProof($errandId: ID!, $proofs: [ProofInput!]!, ${key}) {
    submitProof(id: $errandId, proofs: $proofs, idempotencyKey: $key) { ${errand} } }`,
  confirmDelivery: `mutation confirmDelivery($errandId: ID!, ${key}) {
    confirmDelivery(errandId: $errandId, idempotencyKey: $key) { ${errand} escrow { id state } } }`,
};

const newErrand = {
  title: 'Fetch a parcel',
  description: 'Two boxes from the park.',
  category: 'PICKUP',
  area: 'Westlands',
  budget: { minor: 350_000, currency: 'KES' },
  publish: true,
};
const proofs = [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }];

/** A request body. @param idempotencyKey undefined: without one */
export function bodyOf(step: RoadStep, ids: RoadIds, idempotencyKey: string | undefined): string {
  const variables = {
    postErrand: { input: newErrand },
    makeOffer: { errandId: ids.errandId, input: { amountMinor } },
    acceptOffer: { offerId: ids.offerId },
    submitProof: { errandId: ids.errandId, proofs },
    fundEscrow: { errandId: ids.errandId },
    startErrand: { errandId: ids.errandId },
    confirmDelivery: { errandId: ids.errandId },
  }[step];
  return JSON.stringify({
    query: queries[step],
    operationName: step,
    variables: { ...variables, key: idempotencyKey },
  });
}

/** Offers are the runner's, and what is done on the way. */
export function isOfRunner(step: RoadStep): boolean {
  return step === 'makeOffer' || step === 'startErrand' || step === 'submitProof';
}
