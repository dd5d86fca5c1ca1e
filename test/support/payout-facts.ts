import { AppError, type Role, type Viewer } from '../../src/kernel/index.js';
import {
  decidePayout,
  payoutActorKinds,
  payoutActorOf,
  payoutActorsOf,
  payoutStates,
  payoutSystem,
  payoutTransitionNames,
  payoutTransitions,
  type PayoutActorKind,
  type PayoutFacts,
  type PayoutState,
  type PayoutTransitionName,
} from '../../src/modules/payouts/index.js';
import type { TransferReport } from '../../src/modules/providers/index.js';
import { payoutMoves } from './legal-moves.js';

export const now = new Date('2026-03-02T09:00:00Z');
const tenantId = '00000000-0000-7000-8000-0000000000aa';
const idOf = (digit: number): string => `00000000-0000-7000-8000-${String(digit).padStart(12, '0')}`;
export const money = (minor: bigint) => ({ minor, currency: 'NGN' as const });
export const shillings = (minor: bigint) => ({ minor, currency: 'KES' as const });
export const paid: TransferReport = { kind: 'PAID', amount: money(1_000n), fee: money(10n), providerRef: 'x' };
/** What a provider has told that does not fit. */
export const told = { doubtedAt: now, toldAmount: 999n, toldCurrency: 'NGN', toldFee: 10n };

/** Facts under which nothing but state and actor can refuse a transition. */
export function factsFor(name: PayoutTransitionName, state: PayoutState | null): PayoutFacts {
  const reports: Partial<Record<PayoutTransitionName, TransferReport>> = {
    pay: paid,
    fail: { kind: 'FAILED', reason: 'no such account' },
    reverse: { kind: 'REVERSED', amount: money(1_000n), fee: money(10n), reason: 'sent back' },
    requeue: { kind: 'NOT_FOUND' },
    doubt: { ...paid, amount: money(999n) } as TransferReport,
  };
  const report = reports[name];
  return {
    payout: {
      id: idOf(9),
      tenantId,
      userId: idOf(1),
      currency: 'NGN',
      amount: 1_000n,
      fee: 50n,
      version: 3,
      provider: 'sandbox',
      state,
      ...(name === 'settle' || name === 'proposeSettlement' ? told : {}),
    },
    owner: { isActive: true, owesMinor: 0n },
    account: { isActive: true, coolOffUntil: now },
    notFoundFinalAt: now,
    givenBackAt: now,
    settlement: { paid: money(999n), needsAnother: false },
    ...(report && { report }),
  };
}

function viewer(userId: string, ...roles: Role[]): Viewer {
  return { kind: 'user', tenantId, userId, sessionId: userId, roles: new Set(roles) };
}

const viewers = {
  owner: viewer(idOf(1), 'RUNNER', 'FINANCE'),
  finance: viewer(idOf(2), 'FINANCE'),
  stranger: viewer(idOf(3), 'SUPPORT'),
} as const satisfies Record<Exclude<PayoutActorKind, 'system'>, Viewer>;

export function outcome(name: PayoutTransitionName, facts: PayoutFacts, kind: PayoutActorKind): string {
  const decided = decisionOrRefusal(name, facts, kind);
  return decided instanceof AppError ? decided.code : decided.to;
}

function decisionOrRefusal(name: PayoutTransitionName, facts: PayoutFacts, kind: PayoutActorKind) {
  try {
    const actor = kind === 'system' ? payoutSystem : payoutActorOf(viewers[kind], facts.payout);
    return decidePayout(name, facts, actor, now);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

const written = payoutMoves.map((move) => move.split(' ') as [string, string, string, '>', PayoutState]);

/** What the written moves say of a triple, read without the table. */
export function expected(name: PayoutTransitionName, state: PayoutState | null, kind: PayoutActorKind): string {
  if (kind === 'stranger') return 'NOT_FOUND';
  const own = written.filter(([, move, actor]) => move === name && actor === kind);
  if (own.length === 0) return 'FORBIDDEN';
  return own.find(([from]) => from === (state ?? 'null'))?.[4] ?? 'ILLEGAL_TRANSITION';
}

export const triples = [null, ...payoutStates].flatMap((state) =>
  payoutTransitionNames.flatMap((name) => payoutActorKinds.map((kind) => [name, state, kind] as const)),
);

/** As `outcome`, by the first who may. @param patch of facts under which nothing else refuses */
export const refused = (name: PayoutTransitionName, state: PayoutState | null, patch: Partial<PayoutFacts>) =>
  outcome(name, { ...factsFor(name, state), ...patch }, payoutActorsOf(payoutTransitions[name])[0]!);
/** The words of a refusal by the first who may. */
export function refusalOf(name: PayoutTransitionName, state: PayoutState | null, patch: Partial<PayoutFacts>): string {
  const facts = { ...factsFor(name, state), ...patch };
  const kind = payoutActorsOf(payoutTransitions[name])[0]!;
  const decided = decisionOrRefusal(name, facts, kind);
  return decided instanceof AppError ? decided.message : decided.to;
}
