import { invariant } from '../../kernel/index.js';
import { accounts, transfer, type Posting } from '../ledger/index.js';
import type { PayoutFacts } from './payout.rule.js';

/** P1: amount and fee leave the wallet; the amount waits in transit. */
export function requestPostings({ payout: { id, userId, amount, fee } }: PayoutFacts): readonly Posting[] {
  const wallet = accounts.wallet(userId);
  return [...transfer(wallet, accounts.payoutTransit(id), amount), ...transfer(wallet, accounts.payoutFees(), fee)];
}

/** P2 and P8: everything goes back, the fee included. */
export function returnPostings({ payout: { id, userId, amount, fee } }: PayoutFacts): readonly Posting[] {
  const wallet = accounts.wallet(userId);
  return [...transfer(accounts.payoutTransit(id), wallet, amount), ...transfer(accounts.payoutFees(), wallet, fee)];
}

/** P7: what the provider holds for us is less by the amount and by what it takes for itself. */
export function paidPostings(facts: PayoutFacts): readonly Posting[] {
  const { id, amount } = facts.payout;
  const clearing = accounts.pspClearing(providerOf(facts));
  const fee = facts.report?.kind === 'PAID' || facts.report?.kind === 'REVERSED' ? facts.report.fee.minor : 0n;
  return [...transfer(accounts.payoutTransit(id), clearing, amount), ...transfer(accounts.pspFees(), clearing, fee)];
}

/** P9: the amount is back at the provider, and so back in the wallet. Both fees were earned. */
export function reversedPostings(facts: PayoutFacts): readonly Posting[] {
  const { userId, amount } = facts.payout;
  return transfer(accounts.pspClearing(providerOf(facts)), accounts.wallet(userId), amount);
}

function providerOf({ payout: { id, provider } }: PayoutFacts): string {
  invariant(provider !== null, `payout ${id} moves a provider's money without a provider`);
  return provider;
}
