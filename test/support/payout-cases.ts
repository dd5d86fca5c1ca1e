import type { PayoutFacts, PayoutState, PayoutTransitionName } from '../../src/modules/payouts/index.js';
import type { TransferReport } from '../../src/modules/providers/index.js';
import { factsFor, money, now, paid, shillings, told } from './payout-facts.js';

const later = new Date(now.getTime() + 1);
const limits = { payoutMax: undefined, dayMax: undefined, askedInDay: 0n };
/** A wallet of which something came in a moment ago. */
const heldOf = (balance: bigint, minor: bigint) => ({ balance, holds: [{ minor, until: later }] });
const toldOf = (patch: Partial<PayoutFacts['payout']>) => ({ ...factsFor('settle', 'UNKNOWN').payout, ...patch });
/** What each guard looks for, one thing at a time, and what it is refused with. */
export const lookedFor: readonly (readonly [
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
  ['more than has cleared', 'request', null, { wallet: heldOf(2_000n, 951n) }, 'LIMIT_EXCEEDED'],
  ['a payout that FINANCE may still decide about', 'expire', 'REQUESTED', { givenBackAt: later }, 'ILLEGAL_TRANSITION'],
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
  [
    'all of a wallet, when some of it has not cleared',
    'request',
    null,
    { wallet: heldOf(1_050n, 1n) },
    'LIMIT_EXCEEDED',
  ],
  ['a doubt about what was never paid', 'doubt', 'UNKNOWN', { report: { kind: 'NOT_FOUND' } }, 'ILLEGAL_TRANSITION'],
  [
    'a doubt about a payment of nothing',
    'doubt',
    'UNKNOWN',
    { report: { ...paid, amount: money(0n) } as TransferReport },
    'ILLEGAL_TRANSITION',
  ],
  [
    'a settlement of what is in no doubt',
    'settle',
    'UNKNOWN',
    { payout: toldOf({ doubtedAt: null }) },
    'ILLEGAL_TRANSITION',
  ],
  ['a settlement of no amount', 'settle', 'UNKNOWN', { payout: toldOf({ toldAmount: null }) }, 'ILLEGAL_TRANSITION'],
  [
    'a settlement of no currency',
    'settle',
    'UNKNOWN',
    { payout: toldOf({ toldCurrency: null }) },
    'ILLEGAL_TRANSITION',
  ],
  [
    'a settlement in a currency that the books of it cannot hold',
    'settle',
    'UNKNOWN',
    { payout: toldOf({ toldCurrency: 'KES' }), settlement: { paid: shillings(999n), needsAnother: false } },
    'ILLEGAL_TRANSITION',
  ],
  [
    'a settlement in another currency than the provider tells',
    'settle',
    'UNKNOWN',
    { settlement: { paid: shillings(999n), needsAnother: false } },
    'ILLEGAL_TRANSITION',
  ],
  [
    'handing over again what was told to be paid',
    'requeue',
    'UNKNOWN',
    { payout: { ...factsFor('requeue', 'UNKNOWN').payout, ...told } },
    'ILLEGAL_TRANSITION',
  ],
  [
    'a reversal of what was asked for, when it was settled by another amount',
    'reverse',
    'PAID',
    { payout: { ...factsFor('reverse', 'PAID').payout, ...told } },
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
    'a fee below nothing',
    'pay',
    'PENDING',
    { report: { ...paid, fee: money(-1n) } as TransferReport },
    'ILLEGAL_TRANSITION',
  ],
  [
    'a fee in another currency',
    'pay',
    'PENDING',
    { report: { ...paid, fee: shillings(10n) } as TransferReport },
    'ILLEGAL_TRANSITION',
  ],
  [
    'another currency',
    'pay',
    'PENDING',
    { report: { ...paid, amount: shillings(1_000n), fee: shillings(1n) } as TransferReport },
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

/** What lies just beside. */
export const letThrough: readonly (readonly [
  string,
  PayoutTransitionName,
  PayoutState | null,
  Partial<PayoutFacts>,
])[] = [
  ['as much as a payout may be', 'request', null, { limits: { ...limits, payoutMax: 1_000n } }],
  ['as much as a day takes', 'request', null, { limits: { ...limits, dayMax: 1_500n, askedInDay: 500n } }],
  ['no fee', 'pay', 'PENDING', { report: { ...paid, fee: money(0n) } as TransferReport }],
  ['a small payment', 'approve', 'REQUESTED', {}],
  ['a failure', 'fail', 'UNKNOWN', {}],
  ['a reference that is not found', 'requeue', 'UNKNOWN', {}],
  ['a reversal', 'reverse', 'PAID', {}],
  ['as much as has cleared', 'request', null, { wallet: heldOf(2_000n, 950n) }],
  ['more than is in the wallet, which its floor refuses', 'request', null, { wallet: heldOf(1_049n, 1n) }],
  ['giving back when the time to decide is over', 'expire', 'REQUESTED', {}],
  ['a doubt about another amount', 'doubt', 'PENDING', {}],
  [
    'a doubt about as much of another currency',
    'doubt',
    'PENDING',
    { report: { ...paid, amount: shillings(1_000n), fee: shillings(1n) } as TransferReport },
  ],
  [
    'a doubt about another amount that came back',
    'doubt',
    'UNKNOWN',
    { report: { kind: 'REVERSED', amount: money(999n), fee: money(10n), reason: 'sent back' } },
  ],
  ['a settlement by what the provider tells', 'settle', 'UNKNOWN', {}],
  [
    'a payment of what was asked for, when another amount was told before',
    'pay',
    'UNKNOWN',
    { payout: { ...factsFor('pay', 'UNKNOWN').payout, ...told } },
  ],
  [
    'a reversal of what it was settled by',
    'reverse',
    'PAID',
    {
      payout: { ...factsFor('reverse', 'PAID').payout, ...told },
      report: { kind: 'REVERSED', amount: money(999n), fee: money(10n), reason: 'sent back' },
    },
  ],
];
/** Three times at which money clears, and with the second of them as much as is asked for. */
const clearing = [500n, 950n, 500n].map((minor, at) => ({ minor, until: new Date(now.getTime() + (at + 1) * 1000) }));

/** What an owner is told who asks for what has not cleared. */
export const toldOfClearing = {
  wallet: { balance: 1_550n, holds: clearing },
  message:
    'Money that came in lately is paid out once it has cleared. With its fee this takes NGN 10.50; NGN 0.00 can be paid out now, NGN 10.50 from 2026-03-02T09:00:02.000Z on.',
};
