import type { Errand } from './errand.js';
import type { ErrandColumns } from './errand.input.js';
import { fundingWindowMs, inspectionWindowMs } from './transitions.js';

/** Of errands posted today; `goodsByReceipts` says what version 1 did otherwise. */
const currentProcessVersion = 2;

/** A draft as it is first written down. */
export function newErrandRow(
  columns: ErrandColumns,
  owner: Pick<Errand, 'id' | 'tenantId' | 'customerId' | 'currency'>,
  now: Date,
): Errand {
  return {
    ...columns,
    ...owner,
    runnerId: null,
    acceptedOfferId: null,
    fundBy: null,
    autoReleaseAt: null,
    publishedAt: null,
    state: 'DRAFT',
    processVersion: currentProcessVersion,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

const nobodyTaken = { runnerId: null, acceptedOfferId: null, fundBy: null } as const;

/** What each transition writes into the errand beside its state and version. */
export const patches = {
  publish: (now: Date) => ({ publishedAt: now }),
  acceptOffer: (offer: { readonly id: string; readonly runnerId: string }, now: Date) => ({
    runnerId: offer.runnerId,
    acceptedOfferId: offer.id,
    fundBy: new Date(now.getTime() + fundingWindowMs),
  }),
  fundingTimeout: () => nobodyTaken,
  /** A runner who was never paid for keeps no sight of the addresses. */
  cancelFree: () => nobodyTaken,
  /** As if nobody had taken it. */
  runnerDrop: () => ({ ...nobodyTaken, autoReleaseAt: null }),
  /** The customer's time to look at the proof stood still while the dispute lasted. */
  withdrawDispute: ({ autoReleaseAt }: Pick<Errand, 'autoReleaseAt'>, openedAt: Date, now: Date) => ({
    autoReleaseAt: autoReleaseAt && new Date(autoReleaseAt.getTime() + now.getTime() - openedAt.getTime()),
  }),
  /** Where a drop-off code is asked for, silence pays nobody: the code, the customer or a dispute does. */
  submitProof: ({ requiresDropoffCode }: Pick<Errand, 'requiresDropoffCode'>, now: Date) => ({
    autoReleaseAt: requiresDropoffCode ? null : new Date(now.getTime() + inspectionWindowMs),
  }),
} as const;
