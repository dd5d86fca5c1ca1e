import {
  AppError,
  badInput,
  isUuid,
  pageOf,
  pageRequest,
  requireUser,
  type Clock,
  type Cursor,
  type Page,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { AuditEntry as AuditEntryRow, Db, Prisma } from '../../db/index.js';
import { adminActionNames, auditTargets, type AdminAction, type AuditTarget } from './audit.js';
import { recordAct, type AdminAct } from './audit.record.js';

export type AuditEntry = Readonly<AuditEntryRow>;

export interface AuditFilter {
  readonly actions?: readonly AdminAction[] | null | undefined;
  /** Who did it, or was the other of the two it took. */
  readonly actorId?: string | null | undefined;
  readonly target?: AuditTarget | null | undefined;
  readonly targetId?: string | null | undefined;
  /** Inclusive. */
  readonly from?: Date | null | undefined;
  /** Exclusive. */
  readonly to?: Date | null | undefined;
}

export interface AuditListArgs {
  readonly filter?: AuditFilter | null | undefined;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

/** What staff did. Append-only: the database refuses to change or delete an entry. */
export interface AuditService {
  /** The viewer's market, newest first. @throws AppError UNAUTHENTICATED, FORBIDDEN unless ADMIN, BAD_INPUT */
  list(viewer: Viewer, args: AuditListArgs): Promise<Page<AuditEntry>>;
  /** Writes down what was done outside any transaction, after the fact. @param by `operator`: the command line */
  note(by: UserViewer | 'operator', act: AdminAct): Promise<void>;
}

export interface AuditServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

const order = 'AT_DESC';
const targetIdLengthMax = 500;

export function createAuditService({ db, clock }: AuditServiceDeps): AuditService {
  return {
    async list(viewer, { filter, first, after }) {
      const { tenantId, roles } = requireUser(viewer);
      if (!roles.has('ADMIN')) throw new AppError('FORBIDDEN', 'The audit log is shown to the role ADMIN.');
      const page = pageRequest(first ?? undefined, after ?? undefined, order);
      const rows = await db.read.auditEntry.findMany({
        where: { AND: [{ tenantId }, filterWhere(filter ?? {}), behind(page.after)] },
        orderBy: [{ at: 'desc' }, { id: 'asc' }],
        take: page.first + 1,
      });
      return pageOf(rows, page.first);
    },
    note: (by, act) => db.write((tx) => recordAct(tx, by, act, clock.now())),
  };
}

/** Where an entry stands in the list. */
export const auditCursor = ({ at, id }: AuditEntry): Cursor => ({ order, value: at.toISOString(), id });

function filterWhere({ actions, actorId, target, targetId, from, to }: AuditFilter): Prisma.AuditEntryWhereInput {
  for (const action of actions ?? []) requireOneOf('filter.actions', action, adminActionNames);
  if (target) requireOneOf('filter.target', target, auditTargets);
  if (actorId && !isUuid(actorId)) throw badInput('filter.actorId', 'takes the id of a user.');
  if (targetId && targetId.length > targetIdLengthMax)
    throw badInput('filter.targetId', `takes up to ${targetIdLengthMax} characters, got ${targetId.length}.`);
  return {
    ...(actions && { action: { in: [...actions] } }),
    ...(actorId && { OR: [{ actorId }, { secondApproverId: actorId }] }),
    ...(target && { targetType: target }),
    ...(targetId && { targetId }),
    ...((from || to) && { at: { ...(from && { gte: from }), ...(to && { lt: to }) } }),
  };
}

function requireOneOf(path: string, name: string, known: readonly string[]): void {
  if (!known.includes(name)) throw badInput(path, `takes only ${known.join(', ')}.`);
}

const timePattern = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function behind(cursor: Cursor | undefined): Prisma.AuditEntryWhereInput {
  if (!cursor) return {};
  const at = new Date(cursor.value);
  const isOurs = isUuid(cursor.id) && timePattern.test(cursor.value) && !Number.isNaN(at.getTime());
  if (!isOurs) throw badInput('after', 'is not a cursor; pass an endCursor or an edge cursor of an earlier answer.');
  return { at: { lte: at }, OR: [{ at: { lt: at } }, { id: { gt: cursor.id } }] };
}
