import {
  AppError,
  badInput,
  isUuid,
  notFound,
  pageOf,
  pageRequest,
  requireUser,
  type Clock,
  type Cursor,
  type Page,
  type Viewer,
} from '../../kernel/index.js';
import type { Db, Tx, UserBlock as UserBlockRow } from '../../db/index.js';
import {
  endLiveOffers,
  lockErrandsBidOn,
  newestFirst,
  notACursor,
  parseCursorTime,
  type PageArgs,
} from '../errands/index.js';
import { lockPerson } from './person.lock.js';

export type UserBlock = Readonly<UserBlockRow>;

/** Whom somebody wants nothing to do with. A block is known to who made it and to nobody else. */
export interface BlockService {
  /**
   * From now on neither of the two bids on an errand of the other; live offers between them end in the same transaction: those
   * of the viewer WITHDRAWN, those on the viewer's errands REJECTED. An errand that is under way goes on. Blocking somebody
   * again changes nothing. @throws AppError UNAUTHENTICATED, NOT_FOUND, BAD_INPUT (oneself), LIMIT_EXCEEDED
   */
  block(viewer: Viewer, userId: string): Promise<UserBlock>;
  /** Takes it back; what it ended stays so. Unblocking who is not blocked changes nothing. @throws AppError UNAUTHENTICATED, NOT_FOUND */
  unblock(viewer: Viewer, userId: string): Promise<void>;
  /** The viewer's own, newest first. @throws AppError UNAUTHENTICATED, BAD_INPUT */
  mine(viewer: Viewer, args: PageArgs): Promise<Page<UserBlock>>;
}

export interface BlockServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

export const blocksMax = 1_000;

export function createBlockService({ db, clock }: BlockServiceDeps): BlockService {
  return {
    async block(viewer, userId) {
      const { tenantId, userId: blockerId } = requireUser(viewer);
      if (!isUuid(userId)) throw notFound('user', userId);
      if (userId === blockerId) throw badInput('userId', 'is you; nobody blocks themselves.');
      return db.write((tx) => block(tx, { tenantId, blockerId, blockedId: userId }, clock));
    },
    async unblock(viewer, userId) {
      const { tenantId, userId: blockerId } = requireUser(viewer);
      const other = isUuid(userId) ? await db.read.user.findFirst({ where: { tenantId, id: userId } }) : null;
      if (!other) throw notFound('user', userId);
      await db.write((tx) => tx.userBlock.deleteMany({ where: { tenantId, blockerId, blockedId: userId } }));
    },
    async mine(viewer, { first, after }) {
      const { tenantId, userId: blockerId } = requireUser(viewer);
      const page = pageRequest(first ?? undefined, after ?? undefined, newestFirst.order);
      const rows = await db.read.userBlock.findMany({
        where: { AND: [{ tenantId, blockerId }, behind(page.after)] },
        orderBy: [{ createdAt: 'desc' }, { blockedId: 'asc' }],
        take: page.first + 1,
      });
      return pageOf(rows, page.first);
    },
  };
}

/** Where a block stands in the list. */
export function blockCursor({ createdAt, blockedId: id }: UserBlock): Cursor {
  return newestFirst.cursor({ createdAt, id });
}

type Pair = Pick<UserBlock, 'tenantId' | 'blockerId' | 'blockedId'>;

/** Holds the errands with offers between the two and then both accounts: who bids holds the bidder's. */
async function block(tx: Tx, pair: Pair, clock: Clock): Promise<UserBlock> {
  const { tenantId, blockerId, blockedId } = pair;
  const own = { tenantId, runnerId: blockerId, customerId: blockedId };
  const theirs = { tenantId, runnerId: blockedId, customerId: blockerId };
  const lockErrands = async (): Promise<void> => {
    await lockErrandsBidOn(tx, own);
    await lockErrandsBidOn(tx, theirs);
  };
  await lockErrands();
  for (const id of [blockerId, blockedId].toSorted()) await lockPerson(tx, tenantId, id);
  await lockErrands();
  const known = await tx.userBlock.findUnique({ where: { blockerId_blockedId: { blockerId, blockedId } } });
  if (known) return known;
  if ((await tx.userBlock.count({ where: { tenantId, blockerId } })) >= blocksMax)
    throw new AppError('LIMIT_EXCEEDED', `You block ${blocksMax} people already: unblock somebody first.`);
  const now = clock.now();
  await endLiveOffers(tx, own, 'WITHDRAWN', now);
  await endLiveOffers(tx, theirs, 'REJECTED', now);
  return tx.userBlock.create({ data: { ...pair, createdAt: now } });
}

function behind(cursor: Cursor | undefined) {
  if (!cursor) return {};
  if (!isUuid(cursor.id)) throw notACursor();
  const at = parseCursorTime(cursor.value);
  return { createdAt: { lte: at }, OR: [{ createdAt: { lt: at } }, { blockedId: { gt: cursor.id } }] };
}
