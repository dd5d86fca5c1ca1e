import {
  isUuid,
  notFound,
  parseCurrency,
  requireUser,
  uuidv7,
  AppError,
  type Clock,
  type Currency,
  type Page,
  type Viewer,
} from '../../kernel/index.js';
import type { Db, Prisma, Reader, Tx } from '../../db/index.js';
import { actorOf, decide, requireVersion, type Decision } from './decide.js';
import {
  parseErrandPatch,
  parseNewErrand,
  type ErrandColumns,
  type ErrandPatch,
  type NewErrand,
} from './errand.input.js';
import { errandPage, marketWhere, type ErrandFilter, type ErrandOrder, type PageArgs } from './errand.list.js';
import { lockErrand, recordEvents, saveTransition } from './errand.repo.js';
import { newErrandRow, patches } from './errand.write.js';
import { assertVisible, errandStates, isCustomer, type Errand, type ErrandState } from './errand.js';
import { distinct, namesFaults, refuse } from './faults.js';
import { useCode } from './handover.js';
import { closeLiveOffers } from './offer.repo.js';
import { parseProofs, type ProofInput } from './proof.input.js';
import type { Facts } from './transition.rule.js';
import type { TransitionName } from './transitions.js';

export interface MarketListArgs extends PageArgs {
  readonly filter?: ErrandFilter | null | undefined;
  /** Default CREATED_DESC. */
  readonly orderBy?: ErrandOrder | null | undefined;
}

export interface MyListArgs extends PageArgs {
  /** The side of the errand the viewer is on. Default ANY. */
  readonly as?: 'CUSTOMER' | 'RUNNER' | 'ANY' | null | undefined;
  readonly states?: readonly ErrandState[] | null | undefined;
}

/**
 * An errand's road up to and after its money. Every call stays inside the viewer's tenant; an errand of another tenant,
 * and somebody else's draft, is NOT_FOUND. Every change is one transaction and answers the errand as it left it.
 */
export interface ErrandService {
  /** Writes down a draft, or an open errand with `publish`. @throws AppError UNAUTHENTICATED, BAD_INPUT listing every fault */
  post(viewer: Viewer, input: NewErrand): Promise<Errand>;
  /**
   * Changes a draft or an open errand. Offers were made on the errand as it was: when anything about it really changes,
   * those that wait for an answer are SUPERSEDED in the same transaction, and their runners may bid again.
   * @throws AppError FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION, BAD_INPUT
   */
  update(viewer: Viewer, id: string, patch: ErrandPatch, expectedVersion?: number | null): Promise<Errand>;
  publish(viewer: Viewer, id: string, expectedVersion?: number | null): Promise<Errand>;
  /** @param pickupCode needed where the errand asks for one; each guess is counted @throws AppError as `useCode` */
  start(viewer: Viewer, id: string, expectedVersion?: number | null, pickupCode?: string | null): Promise<Errand>;
  submitProof(
    viewer: Viewer,
    id: string,
    proofs: readonly ProofInput[],
    expectedVersion?: number | null,
  ): Promise<Errand>;
  get(viewer: Viewer, id: string): Promise<Errand>;
  /** One errand whoever asks: for callers that check `assertVisible` themselves. @throws AppError NOT_FOUND */
  find(tenantId: string, id: string): Promise<Errand>;
  /** The market: every state but DRAFT, without drafts that were discarded. */
  list(viewer: Viewer, args: MarketListArgs): Promise<Page<Errand>>;
  /** One errand, if `list` with this filter would show it. @throws AppError BAD_INPUT as `list` does */
  findListed(viewer: Viewer, id: string, filter: ErrandFilter): Promise<Errand | undefined>;
  /** What the viewer posted or runs, newest first, drafts included. */
  listMine(viewer: Viewer, args: MyListArgs): Promise<Page<Errand>>;
  /** In no order; what is missing is left out. For callers that learnt the ids from rows the viewer may see. */
  byIds(tenantId: string, ids: readonly string[]): Promise<readonly Errand[]>;
}

export interface ErrandServiceDeps {
  readonly db: Pick<Db, 'read' | 'write' | 'writeApart'>;
  readonly clock: Clock;
}

export function createErrandService({ db, clock }: ErrandServiceDeps): ErrandService {
  /** Lock, decide, then `save` what was decided. */
  async function move<T extends Partial<Facts>>(
    viewer: Viewer,
    id: string,
    name: TransitionName,
    facts: T,
    save: (tx: Tx, errand: Errand, decision: Decision, now: Date) => Promise<Errand>,
  ): Promise<Errand> {
    const { tenantId } = requireUser(viewer);
    return db.write(async (tx) => {
      const errand = await lockErrand(tx, tenantId, id);
      const now = clock.now();
      return save(tx, errand, decide(name, { errand, ...facts }, actorOf(viewer, errand), now), now);
    });
  }

  return {
    post: (viewer, input) => db.write((tx) => post(tx, viewer, input, clock.now())),
    update: (viewer, id, patch, expectedVersion) =>
      db.write((tx) => update(tx, viewer, id, patch, expectedVersion, clock)),
    publish: (viewer, id, expectedVersion) =>
      move(viewer, id, 'publish', { expectedVersion }, (tx, errand, decision, now) =>
        saveTransition(tx, errand, decision, patches.publish(now)),
      ),
    start: (viewer, id, expectedVersion, pickupCode) =>
      move(viewer, id, 'start', { expectedVersion, hasCode: pickupCode != null }, async (tx, errand, decision, now) => {
        if (errand.requiresPickupCode && pickupCode != null)
          await useCode(tx, db, errand, 'PICKUP', { code: pickupCode }, now, 'pickupCode');
        return saveTransition(tx, errand, decision);
      }),
    submitProof: (viewer, id, proofs, expectedVersion) =>
      move(
        viewer,
        id,
        'submitProof',
        { expectedVersion, proofsCount: proofs.length },
        async (tx, errand, decision, now) => {
          await tx.proof.createMany({ data: parseProofs(proofs, errand, requireUser(viewer).userId, now) });
          return saveTransition(tx, errand, decision, patches.submitProof(errand, now));
        },
      ),
    async get(viewer, id) {
      const errand = await find(db.read, viewer.tenantId, id);
      assertVisible(viewer, errand);
      return errand;
    },
    find: (tenantId, id) => find(db.read, tenantId, id),
    list: async (viewer, { filter, orderBy, ...page }) =>
      errandPage(db.read, marketWhere(viewer.tenantId, filter ?? {}), orderBy ?? 'CREATED_DESC', page),
    async findListed({ tenantId }, id, filter) {
      const where = { AND: [marketWhere(tenantId, filter), { id }] };
      return (await db.read.errand.findFirst({ where })) ?? undefined;
    },
    listMine: async (viewer, args) => errandPage(db.read, mineWhere(viewer, args), 'CREATED_DESC', args),
    byIds: (tenantId, ids) => db.read.errand.findMany({ where: { tenantId, id: { in: ids.filter(isUuid) } } }),
  };
}

async function post(tx: Tx, viewer: Viewer, input: NewErrand, now: Date): Promise<Errand> {
  const { tenantId, userId } = requireUser(viewer);
  const currency = await currencyOf(tx, tenantId);
  const columns = parseNewErrand(input, currency, now);
  const owner = { id: uuidv7(now.getTime()), tenantId, customerId: userId, currency };
  const draft = newErrandRow(columns, owner, now);
  const actor = actorOf(viewer, draft);
  const written = {
    transition: 'post',
    from: null,
    to: 'DRAFT',
    actorId: userId,
    actorRole: actor.kind,
    at: now,
  } as const;
  const told = [{ event: written, version: draft.version, runnerId: null }];
  if (!input.publish) {
    await tx.errand.createMany({ data: [draft] });
    await recordEvents(tx, draft, told);
    return draft;
  }
  const { event, to } = decide('publish', { errand: draft }, actor, now);
  const published = { ...draft, ...patches.publish(now), state: to, version: draft.version + 1 };
  await tx.errand.createMany({ data: [published] });
  await recordEvents(tx, published, [...told, { event, version: published.version, runnerId: null }]);
  return published;
}

async function update(
  tx: Tx,
  viewer: Viewer,
  id: string,
  patch: ErrandPatch,
  expectedVersion: number | null | undefined,
  clock: Clock,
): Promise<Errand> {
  const { tenantId } = requireUser(viewer);
  const errand = await lockErrand(tx, tenantId, id);
  const now = clock.now();
  assertVisible(viewer, errand);
  if (!isCustomer(viewer, errand)) throw new AppError('FORBIDDEN', 'Only the customer of the errand may change it.');
  requireVersion(errand, expectedVersion);
  if (errand.state !== 'DRAFT' && errand.state !== 'OPEN') {
    throw new AppError(
      'ILLEGAL_TRANSITION',
      `The errand is ${errand.state}; it can be changed while it is DRAFT or OPEN.`,
    );
  }
  const columns = parseErrandPatch(patch, errand, parseCurrency(errand.currency), now);
  if (errand.state === 'OPEN' && changes(errand, columns)) await closeLiveOffers(tx, errand, 'SUPERSEDED', now);
  return tx.errand.update({
    where: { id: errand.id },
    data: { ...columns, version: errand.version + 1, updatedAt: now },
  });
}

/** Whether the columns say anything that the errand does not say already. */
function changes(errand: Errand, columns: Partial<ErrandColumns>): boolean {
  const plain = (value: unknown): unknown => (value instanceof Date ? value.getTime() : value);
  return (Object.keys(columns) as (keyof ErrandColumns)[]).some((name) => plain(columns[name]) !== plain(errand[name]));
}

/** The currency a tenant trades in. @throws AppError NOT_FOUND */
export async function currencyOf(reader: Pick<Reader, 'tenant'>, tenantId: string): Promise<Currency> {
  const tenant = await reader.tenant.findUnique({ where: { id: tenantId }, select: { currency: true } });
  if (!tenant) throw notFound('tenant', tenantId);
  return parseCurrency(tenant.currency);
}

async function find(reader: Reader, tenantId: string, id: string): Promise<Errand> {
  const errand = isUuid(id) ? await reader.errand.findFirst({ where: { tenantId, id } }) : null;
  if (!errand) throw notFound('errand', id);
  return errand;
}

function mineWhere(viewer: Viewer, { as, states }: MyListArgs): Prisma.ErrandWhereInput {
  const { tenantId, userId } = requireUser(viewer);
  refuse(namesFaults('states', states, errandStates));
  const state = states?.length ? { state: { in: distinct(states) } } : {};
  const sides = {
    CUSTOMER: { customerId: userId },
    RUNNER: { runnerId: userId },
    ANY: { OR: [{ customerId: userId }, { runnerId: userId }] },
  };
  return { tenantId, ...state, ...sides[as ?? 'ANY'] };
}
