import { AppError, isUuid, type Clock, type Currency, type UserViewer, type Viewer } from '../../kernel/index.js';
import type { Db, Reader } from '../../db/index.js';
import { bidderFor, type BidderFacts, type Errand, type Refusal, type TransitionName } from '../errands/index.js';
import { fourEyesAboveMinor } from '../disputes/index.js';
import { applyPostings, floorsOf, type AccountTotals, type Posting } from '../ledger/index.js';
import { labelOf } from './account.label.js';
import type { Action } from './action.js';
import { previewOffer, type OfferMove } from './offer.preview.js';
import { previewAll, type Previewed } from './preview.js';
import { readSituations, type Situation } from './situation.js';

/**
 * What a viewer may do, derived from the table of transitions and from `decide` itself. Never cached: it depends on the clock
 * and on the viewer's wallet. It is true of one moment; whoever acts later is told by the mutation what has changed since.
 */
export interface ActionService {
  /**
   * For each errand, by id, every transition that the viewer's part in it gives a right to in some state. Nothing for who is
   * not signed in, and for errands of another market. As many statements for many errands as for one.
   */
  forErrands(
    viewer: Viewer,
    errandIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly Action<TransitionName>[]>>;
  /** As `forErrands`, for offers that the viewer made, or on errands that are the viewer's. */
  forOffers(viewer: Viewer, offerIds: readonly string[]): Promise<ReadonlyMap<string, readonly Action<OfferMove>[]>>;
}

export interface ActionServiceDeps {
  readonly db: Pick<Db, 'snapshot'>;
  readonly clock: Clock;
  /** As of `createDisputeService`. */
  readonly fourEyesAbove?: bigint;
}

export function createActionService({
  db,
  clock,
  fourEyesAbove = fourEyesAboveMinor,
}: ActionServiceDeps): ActionService {
  return {
    forErrands: async (viewer, errandIds) =>
      viewer.kind === 'anonymous'
        ? new Map()
        : db.snapshot(async (reader) => {
            const now = clock.now();
            const situations = await readSituations(reader, viewer, errandIds.filter(isUuid), now);
            const drafts = [...situations].map(
              ([id, situation]) => [id, situation, previewAll(situation, viewer, { fourEyesAbove, now })] as const,
            );
            const floors = await readFloors(reader, drafts);
            return new Map(
              drafts.map(([id, situation, all]) => [id, all.map((one) => actionOf(one, situation, viewer, floors))]),
            );
          }),
    forOffers: async (viewer, offerIds) =>
      viewer.kind === 'anonymous'
        ? new Map()
        : db.snapshot(async (reader) => {
            const now = clock.now();
            const where = { tenantId: viewer.tenantId, id: { in: offerIds.filter(isUuid) } };
            const rows = await reader.offer.findMany({ where, include: { errand: true } });
            const mine = rows.filter(({ state, runnerId }) => state === 'COUNTERED' && runnerId === viewer.userId);
            const bidder = await biddersOf(
              reader,
              viewer,
              mine.map(({ errand }) => errand),
            );
            return new Map(
              rows.map(({ errand, ...offer }) => [
                offer.id,
                previewOffer(offer, errand, viewer, now, bidder.get(errand.id)),
              ]),
            );
          }),
  };
}

/** How the viewer stands with the customers of these errands, by errand. */
async function biddersOf(
  reader: Reader,
  viewer: UserViewer,
  errands: readonly Errand[],
): Promise<ReadonlyMap<string, BidderFacts>> {
  if (errands.length === 0) return new Map();
  const bidder = await bidderFor(reader, viewer, errands);
  return new Map(errands.map((errand) => [errand.id, bidder(errand)]));
}

type Floors = ReadonlyMap<string, AccountTotals>;

/** How the accounts stand that all the previews together would take money from, in one statement. */
async function readFloors(
  reader: Reader,
  drafts: readonly (readonly [string, Situation, readonly Previewed[]])[],
): Promise<Floors> {
  const touched = drafts.flatMap(([, { held }, all]) =>
    all.flatMap(({ postings }) => postings.map((posting) => ({ posting, errand: held.errand }))),
  );
  return floorsOf(
    reader,
    touched.flatMap(({ posting, errand }) =>
      [posting.debit, posting.credit].map((account) => ({ ...placeOf(errand), account })),
    ),
  );
}

function actionOf(
  { name, mutation, refusal, deadline, postings, isOpen }: Previewed,
  { held: { errand, money } }: Situation,
  viewer: UserViewer,
  floors: Floors,
): Action<TransitionName> {
  const stopped = refusal ?? shortOf(floors, postings, placeOf(errand).currency);
  if (stopped) return { name, mutation, enabled: false, reasons: [stopped], deadline, postings: null };
  const looking = {
    viewerId: viewer.userId,
    customerId: errand.customerId,
    runnerId: errand.runnerId ?? '',
    escrowId: money?.escrow.id ?? '',
  };
  const shown = postings.map(({ debit, credit, amount }) => ({
    from: labelOf(debit, looking),
    to: labelOf(credit, looking),
    amount,
    currency: errand.currency,
  }));
  return { name, mutation, enabled: true, reasons: [], deadline, postings: isOpen ? null : shown };
}

function placeOf({ tenantId, currency }: Errand) {
  return { tenantId, currency: currency as Currency };
}

/** Why the books would refuse the bookings: what `postJournal` would throw. */
function shortOf(floors: Floors, postings: readonly Posting[], currency: Currency): Refusal | undefined {
  try {
    applyPostings(floors, postings, currency);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message };
    throw error;
  }
}
