import { invariant } from '../../kernel/index.js';
import { columnsOf, type FeePlan, type Reader, type Tx } from '../../db/index.js';
import { assertMove, type Errand } from '../errands/index.js';
import type { Escrow } from './escrow.js';
import { escrowTransitions } from './escrow.transitions.js';

export interface HeldEscrow {
  readonly escrow: Escrow;
  /** The plan of the day the offer was accepted. */
  readonly feePlan: FeePlan;
  /** Looked at where funding is decided. */
  readonly isRunnerSuspended?: boolean;
}

/** The escrow of a locked errand, locked too; undefined when no offer was accepted yet, or since a runner gave it back. */
export async function lockEscrow(tx: Tx, { tenantId, id }: Errand): Promise<HeldEscrow | undefined> {
  const [row] = await tx.$queryRaw<Readonly<Record<string, unknown>>[]>`
    SELECT ${columnsOf('Escrow', 'e')}, ${columnsOf('FeePlan', 'p', planPrefix)}
    FROM escrow e LEFT JOIN fee_plan p ON p.id = e.fee_plan_id
    WHERE e.tenant_id = ${tenantId}::uuid AND e.errand_id = ${id}::uuid AND e.retired_at IS NULL FOR UPDATE OF e`;
  if (!row) return undefined;
  const ofPlan = ([name]: readonly [string, unknown]): boolean => name.startsWith(planPrefix);
  const columns = Object.entries(row);
  const plan = columns.filter(ofPlan).map(([name, value]) => [name.slice(planPrefix.length), value]);
  const held = {
    escrow: Object.fromEntries(columns.filter((column) => !ofPlan(column))) as Escrow,
    feePlan: Object.fromEntries(plan) as FeePlan,
  };
  invariant(held.feePlan.id === held.escrow.feePlanId, `escrow ${held.escrow.id} was read without its fee plan`);
  return held;
}

/** No column of an escrow begins so. */
const planPrefix = 'plan.';

/** The escrow of each errand that is not retired, in no order, without a lock: for who only looks. */
export async function readEscrows(
  reader: Reader,
  tenantId: string,
  errandIds: readonly string[],
): Promise<readonly HeldEscrow[]> {
  const where = { tenantId, errandId: { in: [...errandIds] }, retiredAt: null };
  const rows = await reader.escrow.findMany({ where, include: { feePlan: true } });
  const suspended = rows.length === 0 ? new Set() : await suspendedBeforeFunding(reader, rows);
  return rows.map(({ feePlan, ...escrow }) => ({
    escrow,
    feePlan,
    isRunnerSuspended: suspended.has(escrow.errandId),
  }));
}

/** Of the errands that wait for their money, those whose runner is suspended. */
async function suspendedBeforeFunding(reader: Reader, escrows: readonly Escrow[]): Promise<ReadonlySet<string>> {
  const waiting = escrows.flatMap(({ state, errandId }) => (state === 'AWAITING_FUNDS' ? errandId : []));
  if (waiting.length === 0) return new Set();
  const rows = await reader.$queryRaw<{ id: string }[]>`
    SELECT e.id FROM errand e JOIN app_user u ON u.id = e.runner_id
    WHERE e.id = ANY(${waiting}::uuid[]) AND u.status = 'SUSPENDED'`;
  return new Set(rows.map(({ id }) => id));
}

/** Writes the escrow of an accepted offer; one that an earlier offer left void is taken over, so an errand has one at most. */
export async function openEscrow(tx: Tx, errand: Errand, row: Escrow): Promise<Escrow> {
  const earlier = await lockEscrow(tx, errand);
  if (!earlier) return tx.escrow.create({ data: row });
  invariant(
    earlier.escrow.state === 'VOID',
    `errand ${errand.id} is OPEN beside an escrow that is ${earlier.escrow.state}`,
  );
  const { id: _, createdAt: __, version: ___, updatedAt, ...terms } = row;
  return saveEscrow(tx, earlier.escrow, terms, updatedAt);
}

/** Saves what changed, one version on. */
export async function saveEscrow(tx: Tx, escrow: Escrow, patch: Partial<Escrow>, now: Date): Promise<Escrow> {
  const { id, version, state } = escrow;
  if (patch.state !== undefined && patch.state !== state)
    assertMove(escrowTransitions, 'an escrow', state, patch.state);
  return tx.escrow.update({ where: { id }, data: { ...patch, version: version + 1, updatedAt: now } });
}

/** The tenant's newest plan. */
export async function currentFeePlan(tx: Tx, tenantId: string): Promise<FeePlan> {
  const orderBy = [{ createdAt: 'desc' as const }, { version: 'desc' as const }, { id: 'desc' as const }];
  const plan = await tx.feePlan.findFirst({ where: { tenantId }, orderBy });
  invariant(plan, `tenant ${tenantId} has no fee plan`);
  return plan;
}
