import { formatMoney, type Currency } from '../../kernel/index.js';
import type { Refusal } from '../errands/index.js';
import type { PayoutFacts, PayoutTerms, WalletFacts } from './payout.rule.js';

export function illegal(message: string): Refusal {
  return { code: 'ILLEGAL_TRANSITION', message };
}

/** A provider that speaks of another amount speaks of something else; and a fee is taken from the same account. */
export function amountIsOurs({ payout, report }: PayoutFacts): Refusal | undefined {
  const isPaid = report?.kind === 'PAID' || report?.kind === 'REVERSED';
  if (!isPaid) return illegal('The provider has not said that it was paid.');
  const { minor, currency } = report.amount;
  const { fee } = report;
  if (!isFeeSound(report)) {
    return illegal(`The provider speaks of a fee of ${formatMoney(fee)} for ${formatMoney(report.amount)}.`);
  }
  const ours = paidMinorOf(payout);
  if (minor === ours && currency === payout.currency) return undefined;
  const money = moneyOf(payout, ours);
  return illegal(`The provider speaks of ${formatMoney(report.amount)} and the payout is of ${money}.`);
}

/** It speaks of a transfer that is not as we asked for it: a person has to look. A fee that makes no sense is no such thing. */
export function hasOtherAmount({ payout, report }: PayoutFacts): boolean {
  if (report?.kind !== 'PAID' && report?.kind !== 'REVERSED') return false;
  const { minor, currency } = report.amount;
  return minor > 0n && (minor !== paidMinorOf(payout) || currency !== payout.currency);
}

type Told = Extract<NonNullable<PayoutFacts['report']>, { readonly kind: 'PAID' | 'REVERSED' }>;

export function isFeeSound({ amount, fee }: Pick<Told, 'amount' | 'fee'>): boolean {
  return fee.minor >= 0n && fee.currency === amount.currency;
}

/** What the provider paid: what was asked for, or what it was settled by. */
export function paidMinorOf({ state, amount, toldAmount }: PayoutTerms): bigint {
  return state === 'PAID' ? (toldAmount ?? amount) : amount;
}

/** Nobody books something else than what the provider told, nor what it may tell otherwise by now. */
export function asTold({ payout, settlement }: PayoutFacts): Refusal | undefined {
  const { doubtedAt, toldAmount, toldCurrency, currency } = payout;
  if (!doubtedAt || toldAmount == null || toldCurrency == null)
    return illegal('What the provider says of it is in no doubt: it is asked until it says how it ends.');
  const told = formatMoney({ minor: toldAmount, currency: toldCurrency as Currency });
  if (toldCurrency !== currency) {
    return illegal(
      `The provider tells of ${told}, which the books of a payout in ${currency} cannot hold: have the provider put it right.`,
    );
  }
  if (settlement?.paid.minor === toldAmount && settlement.paid.currency === toldCurrency) return undefined;
  return illegal(`The provider tells of ${told}: it is settled as that, or not at all.`);
}

/** What came in lately may be taken back still: it can be spent, and be paid out when it has cleared. */
export function payableNow({ payout, wallet }: PayoutFacts): Refusal | undefined {
  const wanted = payout.amount + payout.fee;
  if (!wallet || wanted > wallet.balance || wanted <= payableOf(wallet)) return undefined;
  const { minor, from } = payableWhen(wallet, wanted);
  const now = moneyOf(payout, payableOf(wallet));
  const message = `Money that came in lately is paid out once it has cleared. With its fee this takes ${moneyOf(payout, wanted)}; ${now} can be paid out now, ${moneyOf(payout, minor)} from ${from.toISOString()} on.`;
  return { code: 'LIMIT_EXCEEDED', message };
}

/** Minor units, 0 or more: what would be left if everything were taken back that came in lately stays. */
export function payableOf({ balance, holds }: WalletFacts): bigint {
  const held = holds.reduce((sum, { minor }) => sum + minor, 0n);
  return balance > held ? balance - held : 0n;
}

/** The first time from which `wanted` can be paid out, and how much can be by then. */
function payableWhen({ balance, holds }: WalletFacts, wanted: bigint): { readonly minor: bigint; readonly from: Date } {
  const free = holds.map(({ until }, at) => ({
    minor: payableOf({ balance, holds: holds.slice(at + 1) }),
    from: until,
  }));
  return free.find(({ minor }) => minor >= wanted) ?? free.at(-1)!;
}

function moneyOf({ currency }: PayoutTerms, minor: bigint): string {
  return formatMoney({ minor, currency: currency as Currency });
}
