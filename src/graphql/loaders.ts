import DataLoader from 'dataloader';
import type { Viewer } from '../kernel/index.js';
import type { Services } from './services.js';

/** One batched, per-request look-up an edge: a list of twenty costs one statement an edge, not twenty. */
export type Loaders = ReturnType<typeof createLoaders>;

export function createLoaders(services: Services, viewer: Viewer) {
  const { tenantId } = viewer;
  return {
    /** What the viewer may do with each. */
    actionsByErrandId: new DataLoader(async (ids: readonly string[]) => {
      const actions = await services.actions.forErrands(viewer, ids);
      return ids.map((id) => actions.get(id) ?? []);
    }),
    actionsByOfferId: new DataLoader(async (ids: readonly string[]) => {
      const actions = await services.actions.forOffers(viewer, ids);
      return ids.map((id) => actions.get(id) ?? []);
    }),
    userById: byKey(
      (ids) => services.users.byIds(tenantId, ids),
      (user) => user.id,
    ),
    errandById: byKey(
      (ids) => services.errands.byIds(tenantId, ids),
      (errand) => errand.id,
    ),
    escrowByErrandId: byKey(
      (ids) => services.escrows.byErrandIds(tenantId, ids),
      (escrow) => escrow.errandId,
    ),
    disputeByErrandId: byKey(
      (ids) => services.disputes.byErrandIds(tenantId, ids),
      (dispute) => dispute.errandId,
    ),
    evidenceByDisputeId: groupedBy(
      (ids) => services.disputes.evidenceFor(tenantId, ids),
      (evidence) => evidence.disputeId,
    ),
    decisionsByDisputeId: groupedBy(
      (ids) => services.disputes.decisionsFor(tenantId, ids),
      (decision) => decision.disputeId,
    ),
    bankById: byKey(
      (ids) => services.banks.byIds(ids),
      (bank) => bank.id,
    ),
    payoutAccountById: byKey(
      (ids) => services.payoutAccounts.byIds(tenantId, ids),
      (account) => account.id,
    ),
    eventsByPayoutId: groupedBy(
      (ids) => services.payouts.eventsFor(tenantId, ids),
      (event) => event.payoutId,
    ),
    proofsByErrandId: groupedBy(
      (ids) => services.handovers.proofsFor(tenantId, ids),
      (proof) => proof.errandId,
    ),
    milestonesByEscrowId: groupedBy(
      (ids) => services.escrows.milestonesFor(tenantId, ids),
      (milestone) => milestone.escrowId,
    ),
    liveOffersByErrandId: new DataLoader<string, number>(async (ids) => {
      const counts = await services.offers.countsFor(tenantId, ids);
      return ids.map((id) => counts.get(id) ?? 0);
    }),
  };
}

function byKey<Row>(load: (keys: readonly string[]) => Promise<readonly Row[]>, keyOf: (row: Row) => string) {
  return new DataLoader<string, Row | null>(async (keys) => {
    const rows = new Map((await load(keys)).map((row) => [keyOf(row), row]));
    return keys.map((key) => rows.get(key) ?? null);
  });
}

/** As `byKey`, with all the rows of each key, in the order they were loaded. */
function groupedBy<Row>(load: (keys: readonly string[]) => Promise<readonly Row[]>, keyOf: (row: Row) => string) {
  return new DataLoader<string, readonly Row[]>(async (keys) => {
    const groups = new Map<string, Row[]>(keys.map((key) => [key, []]));
    for (const row of await load(keys)) groups.get(keyOf(row))?.push(row);
    return keys.map((key) => groups.get(key) ?? []);
  });
}
