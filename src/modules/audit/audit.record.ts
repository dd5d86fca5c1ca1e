import { isStorable, uuidv7, type Role, type UserViewer } from '../../kernel/index.js';
import { Prisma, type Tx } from '../../db/index.js';
import { adminActions, type AdminAction } from './audit.js';

/** Values of columns: text, numbers, bigint, dates, lists of them. */
export type AuditFacts = Readonly<Record<string, unknown>>;

export interface AdminAct {
  readonly action: AdminAction;
  /** The id of what it was done to; of the cache, its scope in words. */
  readonly targetId: string;
  /** What it changed, as it was. */
  readonly before?: AuditFacts;
  /** The same, as it is now. */
  readonly after?: AuditFacts;
  readonly reason?: string | undefined;
  /** Of an act that takes two people, the other one. */
  readonly secondApproverId?: string | null;
}

/** Whoever is no user: the command line on the servers' own machines. */
export const operatorRole = 'OPERATOR';

/** Writes down what somebody of staff does, in the transaction that does it: there are both or neither. */
export async function recordAct(tx: Tx, by: UserViewer | 'operator', act: AdminAct, at: Date): Promise<void> {
  const { before, after, ...entry } = newAuditRow(uuidv7(at.getTime()), by, act, at);
  await tx.auditEntry.create({ data: { ...entry, before: before ?? Prisma.DbNull, after: after ?? Prisma.DbNull } });
}

/** An entry as it is written down. */
export function newAuditRow(id: string, by: UserViewer | 'operator', act: AdminAct, at: Date) {
  const { action, targetId, before, after, reason, secondApproverId } = act;
  const isUser = by !== 'operator';
  return {
    id,
    tenantId: isUser ? by.tenantId : null,
    actorId: isUser ? by.userId : null,
    actorRole: isUser ? roleOf(by, action) : operatorRole,
    action,
    targetType: adminActions[action].target,
    targetId,
    before: before ? shown(before) : null,
    after: after ? shown(after) : null,
    reason: reason ?? null,
    requestId: isUser ? (by.requestId ?? null) : null,
    secondApproverId: secondApproverId ?? null,
    at,
  };
}

function roleOf({ roles }: UserViewer, action: AdminAction): string {
  const may: readonly Role[] = adminActions[action].roles;
  return may.find((role) => roles.has(role)) ?? may.join(' or ');
}

const secretName = /password|secret|token|hash|sealed|authori[sz]ation|accountnumber|apikey/i;
const redacted = '[redacted]';

/** As JSON, without what must not be read in a log, whoever put it there. */
export function shown(facts: AuditFacts): Prisma.InputJsonObject {
  return plain(facts) as Prisma.InputJsonObject;
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return isStorable(value) ? value : redacted;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return redacted;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const known = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(known.map(([name, part]) => [name, secretName.test(name) ? redacted : plain(part)]));
}
