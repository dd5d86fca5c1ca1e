import { describe, expect, it } from 'vitest';
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
  transitionsFor,
  type PayoutActorKind,
  type PayoutFacts,
  type PayoutState,
  type PayoutTransitionName,
} from '../../src/modules/payouts/index.js';
import type { TransferReport } from '../../src/modules/providers/index.js';

const now = new Date('2026-03-02T09:00:00Z');
const tenantId = '00000000-0000-7000-8000-0000000000aa';
const idOf = (digit: number): string => `00000000-0000-7000-8000-${String(digit).padStart(12, '0')}`;
const money = (minor: bigint) => ({ minor, currency: 'NGN' as const });
const paid: TransferReport = { kind: 'PAID', amount: money(1_000n), fee: money(10n), providerRef: 'x' };

const told = { doubtedAt: now, toldAmount: 999n, toldCurrency: 'NGN', toldFee: 10n };

/** Facts under which nothing but state and actor can refuse a transition. */
function factsFor(name: PayoutTransitionName, state: PayoutState | null): PayoutFacts {
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

function outcome(name: PayoutTransitionName, facts: PayoutFacts, kind: PayoutActorKind): string {
  try {
    const actor = kind === 'system' ? payoutSystem : payoutActorOf(viewers[kind], facts.payout);
    return decidePayout(name, facts, actor, now).to;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** What the table says, read without `decidePayout`. */
function expected(name: PayoutTransitionName, state: PayoutState | null, kind: PayoutActorKind): string {
  if (kind === 'stranger') return 'NOT_FOUND';
  if (!payoutActorsOf(payoutTransitions[name]).includes(kind)) return 'FORBIDDEN';
  const { from, to } = payoutTransitions[name];
  return (from as readonly (PayoutState | null)[]).includes(state) ? to : 'ILLEGAL_TRANSITION';
}

describe('the matrix of states, transitions and actors of a payout', () => {
  const states = [null, ...payoutStates];
  const triples = states.flatMap((state) =>
    payoutTransitionNames.flatMap((name) => payoutActorKinds.map((kind) => [name, state, kind] as const)),
  );

  it('holds in all of its cells', () => {
    expect(triples).toHaveLength(11 * 16 * 4);
    for (const [name, state, kind] of triples) {
      expect(outcome(name, factsFor(name, state), kind), `${name} from ${state} by ${kind}`).toBe(
        expected(name, state, kind),
      );
    }
  });

  it('reaches every state, and leaves nothing that was given back or rejected', () => {
    const reached = new Set<PayoutState>(payoutTransitionNames.map((name) => payoutTransitions[name].to));
    expect([...reached].toSorted()).toEqual([...payoutStates].toSorted());
    const leaves = (state: PayoutState) =>
      payoutTransitionNames.filter((name) => (payoutTransitions[name].from as readonly unknown[]).includes(state));
    expect([leaves('REJECTED'), leaves('FAILED'), leaves('REVERSED'), leaves('PAID')]).toEqual([
      [],
      [],
      [],
      ['reverse'],
    ]);
  });

  it('moves no money on the way to and out of UNKNOWN but by what the provider says', () => {
    for (const name of [
      'lose',
      'doubt',
      'proposeSettlement',
      'requeue',
      'accept',
      'needOtp',
      'submit',
      'approve',
    ] as const)
      expect(payoutTransitions[name].postings(), name).toEqual([]);
  });
});

describe('a guard of a payout', () => {
  const refused = (name: PayoutTransitionName, state: PayoutState | null, patch: Partial<PayoutFacts>) =>
    outcome(name, { ...factsFor(name, state), ...patch }, payoutActorsOf(payoutTransitions[name])[0]!);
  const later = new Date(now.getTime() + 1);
  const limits = { payoutMax: undefined, dayMax: undefined, askedInDay: 0n };
  const lookedFor: readonly (readonly [
    string,
    PayoutTransitionName,
    PayoutState | null,
    Partial<PayoutFacts>,
    string,
  ])[] = [
    ['an owner who is suspended', 'request', null, { owner: { isActive: false, owesMinor: 0n } }, 'FORBIDDEN'],
    ['an owner who owes', 'request', null, { owner: { isActive: true, owesMinor: 1n } }, 'ILLEGAL_TRANSITION'],
    [
      'an account that cools off',
      'request',
      null,
      { account: { isActive: true, coolOffUntil: later } },
      'ILLEGAL_TRANSITION',
    ],
    [
      'an account that was removed',
      'request',
      null,
      { account: { isActive: false, coolOffUntil: now } },
      'ILLEGAL_TRANSITION',
    ],
    ['more than a payout may be', 'request', null, { limits: { ...limits, payoutMax: 999n } }, 'LIMIT_EXCEEDED'],
    [
      'more than a day takes',
      'request',
      null,
      { limits: { ...limits, dayMax: 1_500n, askedInDay: 501n } },
      'LIMIT_EXCEEDED',
    ],
    [
      'an owner who has come to owe',
      'approve',
      'REQUESTED',
      { owner: { isActive: true, owesMinor: 1n } },
      'ILLEGAL_TRANSITION',
    ],
    [
      'more than has cleared',
      'request',
      null,
      { wallet: { balance: 2_000n, holds: [{ minor: 951n, until: later }] } },
      'LIMIT_EXCEEDED',
    ],
    [
      'a payout that FINANCE may still decide about',
      'expire',
      'REQUESTED',
      { givenBackAt: later },
      'ILLEGAL_TRANSITION',
    ],
    ['a doubt about an amount that is ours', 'doubt', 'PENDING', { report: paid }, 'ILLEGAL_TRANSITION'],
    [
      'a settlement by another amount than the provider tells',
      'settle',
      'UNKNOWN',
      { settlement: { paid: money(1_000n), needsAnother: false } },
      'ILLEGAL_TRANSITION',
    ],
    [
      'a settlement that nobody else has proposed, above the limit',
      'settle',
      'UNKNOWN',
      { settlement: { paid: money(999n), needsAnother: true } },
      'ILLEGAL_TRANSITION',
    ],
    ['a version that is another', 'approve', 'REQUESTED', { expectedVersion: 2 }, 'VERSION_CONFLICT'],
    ['a reference that may still be found', 'requeue', 'UNKNOWN', { notFoundFinalAt: later }, 'ILLEGAL_TRANSITION'],
    [
      'an answer that is none',
      'requeue',
      'UNKNOWN',
      { report: { kind: 'UNKNOWN', reason: 'time-out' } },
      'ILLEGAL_TRANSITION',
    ],
    [
      'a failure that is not definite',
      'fail',
      'UNKNOWN',
      { report: { kind: 'UNKNOWN', reason: '500' } },
      'ILLEGAL_TRANSITION',
    ],
    [
      'another amount',
      'pay',
      'PENDING',
      { report: { ...paid, amount: money(999n) } as TransferReport },
      'ILLEGAL_TRANSITION',
    ],
    [
      'a payment nobody reported',
      'pay',
      'PENDING',
      { report: { kind: 'PENDING', providerRef: 'x' } },
      'ILLEGAL_TRANSITION',
    ],
    [
      'a reversal of another amount',
      'reverse',
      'PAID',
      { report: { ...paid, amount: money(1_001n) } as TransferReport },
      'ILLEGAL_TRANSITION',
    ],
  ];

  it.each(lookedFor)('refuses %s', (_, name, state, patch, code) => {
    expect(outcome(name, factsFor(name, state), payoutActorsOf(payoutTransitions[name])[0]!)).toBe(
      payoutTransitions[name].to,
    );
    expect(refused(name, state, patch)).toBe(code);
  });
});

describe('what a report does', () => {
  const reports: readonly TransferReport[] = [
    { kind: 'PENDING', providerRef: undefined },
    { kind: 'NEEDS_OTP', providerRef: undefined },
    paid,
    { kind: 'FAILED', reason: 'refused' },
    { kind: 'REVERSED', amount: money(1_000n), fee: money(10n), reason: 'sent back' },
    { kind: 'NOT_FOUND' },
    { kind: 'UNKNOWN', reason: 'time-out' },
  ];

  it('is allowed by the table in every state in which a provider is asked', () => {
    const refused: string[] = [];
    for (const state of ['SUBMITTING', 'UNKNOWN', 'PENDING', 'NEEDS_OTP', 'PAID'] as const) {
      for (const report of reports) {
        let at: PayoutState = state;
        for (const name of transitionsFor({ state }, report, true)) {
          const { from, to } = payoutTransitions[name];
          if (!(from as readonly unknown[]).includes(at))
            refused.push(`${report.kind} in ${state}: ${name} from ${at}`);
          at = to;
        }
      }
    }
    expect(refused).toEqual([]);
  });

  it('hands nothing over again of which the provider has told that it was paid, whatever it says later', () => {
    const facts = factsFor('requeue', 'UNKNOWN');
    expect(outcome('requeue', facts, 'system')).toBe('QUEUED');
    expect(outcome('requeue', { ...facts, payout: { ...facts.payout, ...told } }, 'system')).toBe('ILLEGAL_TRANSITION');
  });

  it('ends a payout only when the report is definite', () => {
    const ends: ReadonlySet<string> = new Set(['pay', 'fail', 'reverse']);
    const inDoubt = reports.filter(({ kind }) => !['PAID', 'FAILED', 'REVERSED'].includes(kind));
    const ended = payoutStates.flatMap((state) =>
      inDoubt.flatMap((report) => transitionsFor({ state }, report, true).filter((name) => ends.has(name))),
    );
    expect(ended).toEqual([]);
  });

  it('is nothing when what is over is said to have failed, been paid or got lost', () => {
    for (const state of ['FAILED', 'REJECTED', 'REVERSED'] as const)
      for (const report of reports) expect(transitionsFor({ state }, report, true)).toEqual([]);
    expect(transitionsFor({ state: 'PAID' }, { kind: 'FAILED', reason: 'now?' }, true)).toEqual([]);
    expect(transitionsFor({ state: 'PAID' }, { kind: 'NOT_FOUND' }, true)).toEqual([]);
  });
});
