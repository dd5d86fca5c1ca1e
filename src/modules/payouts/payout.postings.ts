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

/**
 * As the provider tells: what it paid has left, what it did not pay goes back, and what it paid beyond is RunAm's to get back
 * from whoever has it.
 */
export function settledPostings(facts: PayoutFacts): readonly Posting[] {
  const { id, userId, amount, toldAmount, toldFee } = facts.payout;
  invariant(toldAmount != null, `payout ${id} is settled by what nobody told`);
  const [transit, clearing] = [accounts.payoutTransit(id), accounts.pspClearing(providerOf(facts))];
  const { paid, beyond } = partsOf(amount, toldAmount);
  return [
    ...transfer(transit, clearing, paid),
    ...transfer(transit, accounts.wallet(userId), amount - paid),
    ...transfer(accounts.overpaid(), clearing, beyond),
    ...transfer(accounts.pspFees(), clearing, toldFee ?? 0n),
  ];
}

/** P9: what was paid is back at the provider, and so back in the wallet. Both fees were earned. */
export function reversedPostings(facts: PayoutFacts): readonly Posting[] {
  const { userId, amount, toldAmount } = facts.payout;
  const clearing = accounts.pspClearing(providerOf(facts));
  const { paid, beyond } = partsOf(amount, toldAmount ?? amount);
  return [...transfer(clearing, accounts.wallet(userId), paid), ...transfer(clearing, accounts.overpaid(), beyond)];
}

/** Of what the provider paid: what was asked for, and what came on top. */
function partsOf(asked: bigint, told: bigint): { readonly paid: bigint; readonly beyond: bigint } {
  return told < asked ? { paid: told, beyond: 0n } : { paid: asked, beyond: told - asked };
}

function providerOf({ payout: { id, provider } }: PayoutFacts): string {
  invariant(provider !== null, `payout ${id} moves a provider's money without a provider`);
  return provider;
}
