import type { UserViewer } from '../../kernel/index.js';
import type { HandoverCode, ProcessEvent, Reader } from '../../db/index.js';
import {
  bidderFor,
  codesIssuedSince,
  countersMax,
  liveOfferStates,
  type BidderFacts,
  type Errand,
  type HandoverPhase,
  type Offer,
} from '../errands/index.js';
import { readEscrows, type Held, type HeldEscrow, type Milestone } from '../escrows/index.js';
import { readOpenDisputes, type Case } from '../disputes/index.js';

/** All that one viewer's actions on one errand depend on. */
export interface Situation {
  readonly held: Held;
  /** Of an errand that is DISPUTED. */
  readonly openCase: Case | undefined;
  /** Of the offers that could be accepted now, one that can be for longest. */
  readonly offer: Offer | undefined;
  /** As `offer`, of those that could be countered. */
  readonly toCounter: Offer | undefined;
  /** The viewer's own offer that waits for an answer, whoever's. */
  readonly ownOffer: Offer | undefined;
  /** How the viewer stands with the customer of an errand that is OPEN. */
  readonly bidder: BidderFacts | undefined;
  /** The first that is not released, of an errand on its way. */
  readonly milestone: Milestone | undefined;
  /** How many receipts the viewer has given for it, on its way. */
  readonly receipts: number;
  /** The codes that were issued for it last, of an errand on its way or before. */
  readonly codes: ReadonlyMap<HandoverPhase, HandoverCode>;
  /** When codes were issued for it in the last hour, of an errand on its way or before. */
  readonly codesIssued: readonly Date[];
  /** Of an errand that is COMPLETED. */
  readonly completedAt: Date | null;
  /** The runner of an errand that is COMPLETED has closed the account. */
  readonly isRunnerGone: boolean;
  /** How many disputes each side has opened about this escrow. */
  readonly disputesOpened: { readonly byCustomer: number; readonly byRunner: number };
  /** How many pieces of evidence the viewer has shown in the open dispute. */
  readonly evidenceShown: number;
}

const roundsMax = 2 * countersMax;

/**
 * The situations of these errands, by id, without a lock; those of another market are left out. As many statements for many
 * errands as for one. @param reader of one moment: what fits together is read together
 */
export async function readSituations(
  reader: Reader,
  viewer: UserViewer,
  errandIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, Situation>> {
  const { tenantId } = viewer;
  const errands = await reader.errand.findMany({ where: { tenantId, id: { in: [...errandIds] } } });
  const ids = (wanted: (errand: Errand) => boolean): string[] => errands.filter(wanted).map(({ id }) => id);
  const money = byErrand(await readEscrows(reader, tenantId, ids(hasEscrow)), ({ escrow }) => escrow.errandId);
  const open = ids(({ state }) => state === 'OPEN');
  const offers = byErrand(await acceptableOffers(reader, open, now), ({ errandId }) => errandId);
  const haggled = open.filter((id) => (offers.get(id)?.round ?? 0) >= roundsMax);
  const others = byErrand(await acceptableOffers(reader, haggled, now, roundsMax), ({ errandId }) => errandId);
  const bids = byErrand(await ownOffers(reader, viewer, open, now), ({ errandId }) => errandId);
  const bidders = await biddersFor(
    reader,
    viewer,
    errands.filter(({ state, customerId }) => state === 'OPEN' && customerId !== viewer.userId),
  );
  const moving = ids(({ state }) => state === 'IN_PROGRESS' || state === 'DELIVERED');
  const receipts = await receiptsGiven(reader, viewer, moving);
  const underWay = [...ids(({ state }) => state === 'ASSIGNED'), ...moving];
  const codes = await codesOf(reader, underWay);
  const paying = moving.flatMap((id) => money.get(id)?.escrow.id ?? []);
  const milestones = new Map((await nextMilestones(reader, paying)).map((one) => [one.escrowId, one]));
  const completed = ids(({ state }) => state === 'COMPLETED');
  const events = await eventsOf(reader, completed, underWay, now);
  const gone = await closedAmong(
    reader,
    errands.flatMap(({ state, runnerId }) => (state === 'COMPLETED' && runnerId !== null ? runnerId : [])),
  );
  const disputed = ids(({ state }) => state === 'DISPUTED');
  const disputes = byErrand(await openDisputes(reader, tenantId, disputed), ({ dispute }) => dispute.errandId);
  const opened = await disputesOpened(reader, [...money.values()]);
  const shown = await evidenceShown(
    reader,
    viewer,
    [...disputes.values()].map(({ dispute }) => dispute.id),
  );
  return new Map(
    errands.map((errand) => {
      const held = { errand, money: money.get(errand.id) };
      const found = disputes.get(errand.id);
      const situation: Situation = {
        held,
        openCase: found && { held, ...found },
        offer: offers.get(errand.id),
        toCounter: others.get(errand.id) ?? offers.get(errand.id),
        ownOffer: bids.get(errand.id),
        bidder: bidders.get(errand.id),
        milestone: milestones.get(held.money?.escrow.id ?? ''),
        receipts: receipts.get(errand.id) ?? 0,
        codes: new Map(codes.filter((one) => one.errandId === errand.id).map((one) => [one.phase, one])),
        ...timesIn(events.filter(({ errandId }) => errandId === errand.id)),
        isRunnerGone: errand.runnerId !== null && gone.has(errand.runnerId),
        disputesOpened: opened(held.money?.escrow.id),
        evidenceShown: shown.get(found?.dispute.id ?? '') ?? 0,
      };
      return [errand.id, situation];
    }),
  );
}

function hasEscrow({ state }: Errand): boolean {
  return state !== 'DRAFT';
}

function byErrand<Row>(rows: readonly Row[], errandIdOf: (row: Row) => string): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [errandIdOf(row), row]));
}

/** @param beforeRound of those alone in which fewer prices were named before */
async function acceptableOffers(
  reader: Reader,
  errandIds: string[],
  now: Date,
  beforeRound?: number,
): Promise<readonly Offer[]> {
  if (errandIds.length === 0) return [];
  const early = beforeRound === undefined ? {} : { round: { lt: beforeRound } };
  return reader.offer.findMany({
    where: { errandId: { in: errandIds }, state: 'PENDING', expiresAt: { gt: now }, ...early },
    orderBy: [{ errandId: 'asc' }, { expiresAt: 'desc' }, { id: 'asc' }],
    distinct: ['errandId'],
  });
}

async function ownOffers(
  reader: Reader,
  { userId }: UserViewer,
  errandIds: string[],
  now: Date,
): Promise<readonly Offer[]> {
  if (errandIds.length === 0) return [];
  const live = { state: { in: [...liveOfferStates] }, expiresAt: { gt: now } };
  const where = { errandId: { in: errandIds }, runnerId: userId, ...live };
  return reader.offer.findMany({ where });
}

async function biddersFor(
  reader: Reader,
  viewer: UserViewer,
  errands: readonly Errand[],
): Promise<ReadonlyMap<string, BidderFacts>> {
  if (errands.length === 0 || !viewer.roles.has('RUNNER')) return new Map();
  const bidder = await bidderFor(reader, viewer, errands);
  return new Map(errands.map((errand) => [errand.id, bidder(errand)]));
}

async function nextMilestones(reader: Reader, escrowIds: string[]): Promise<readonly Milestone[]> {
  if (escrowIds.length === 0) return [];
  return reader.milestone.findMany({
    where: { escrowId: { in: escrowIds }, state: 'AGREED' },
    orderBy: [{ escrowId: 'asc' }, { seq: 'asc' }],
    distinct: ['escrowId'],
  });
}

async function receiptsGiven(
  reader: Reader,
  { userId }: UserViewer,
  errandIds: string[],
): Promise<ReadonlyMap<string, number>> {
  if (errandIds.length === 0) return new Map();
  const where = { errandId: { in: errandIds }, byUserId: userId, amount: { not: null } };
  const groups = await reader.proof.groupBy({ by: ['errandId'], where, _count: { _all: true } });
  return new Map(groups.map(({ errandId, _count }) => [errandId, _count._all]));
}

async function codesOf(reader: Reader, errandIds: string[]): Promise<readonly HandoverCode[]> {
  return errandIds.length === 0 ? [] : reader.handoverCode.findMany({ where: { errandId: { in: errandIds } } });
}

type Event = Pick<ProcessEvent, 'errandId' | 'transition' | 'at'>;

/** Of completed errands how they were completed, of those under way the codes that were issued lately: in one statement. */
async function eventsOf(reader: Reader, completed: string[], underWay: string[], now: Date): Promise<readonly Event[]> {
  const done = { errandId: { in: completed }, to: 'COMPLETED' as const, from: { not: 'COMPLETED' as const } };
  const wanted = [
    ...(completed.length > 0 ? [done] : []),
    ...(underWay.length > 0 ? [codesIssuedSince(underWay, now)] : []),
  ];
  if (wanted.length === 0) return [];
  return reader.processEvent.findMany({
    where: { OR: wanted },
    select: { errandId: true, transition: true, at: true },
  });
}

function timesIn(events: readonly Event[]): Pick<Situation, 'codesIssued' | 'completedAt'> {
  const isIssue = ({ transition }: Event): boolean => transition === 'issueHandoverCode';
  return {
    codesIssued: events.filter(isIssue).map(({ at }) => at),
    completedAt: events.find((event) => !isIssue(event))?.at ?? null,
  };
}

async function closedAmong(reader: Reader, userIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (userIds.length === 0) return new Set();
  const where = { id: { in: [...userIds] }, status: 'CLOSED' as const };
  return new Set((await reader.user.findMany({ where, select: { id: true } })).map(({ id }) => id));
}

async function openDisputes(reader: Reader, tenantId: string, errandIds: readonly string[]) {
  return errandIds.length === 0 ? [] : readOpenDisputes(reader, tenantId, errandIds);
}

async function disputesOpened(reader: Reader, money: readonly HeldEscrow[]) {
  const escrowIds = money.map(({ escrow }) => escrow.id);
  const groups =
    escrowIds.length === 0
      ? []
      : await reader.dispute.groupBy({
          by: ['escrowId', 'openedByCustomer'],
          where: { escrowId: { in: escrowIds } },
          _count: { _all: true },
        });
  const count = (escrowId: string | undefined, byCustomer: boolean): number =>
    groups.find((group) => group.escrowId === escrowId && group.openedByCustomer === byCustomer)?._count._all ?? 0;
  return (escrowId: string | undefined) => ({ byCustomer: count(escrowId, true), byRunner: count(escrowId, false) });
}

async function evidenceShown(
  reader: Reader,
  { userId }: UserViewer,
  disputeIds: string[],
): Promise<ReadonlyMap<string, number>> {
  if (disputeIds.length === 0) return new Map();
  const where = { disputeId: { in: disputeIds }, byUserId: userId };
  const groups = await reader.disputeEvidence.groupBy({ by: ['disputeId'], where, _count: { _all: true } });
  return new Map(groups.map(({ disputeId, _count }) => [disputeId, _count._all]));
}
