import { uuidOf, type Money } from '../../kernel/index.js';
import { accounts, transfer, type JournalDraft } from '../ledger/index.js';
import type { Charge, ChargeDetour, ChargeLanding } from './charge.js';

export interface Landing {
  readonly landed: ChargeLanding;
  /** Why it is not where it was meant to go; null when it is, and the amount is the one that was asked for. */
  readonly detour: ChargeDetour | null;
}

/**
 * Where money that came in goes (E4b, E4c). It is never lost: what cannot go to its errand is the payer's, in the wallet; what
 * no wallet of the market can hold, because it is another currency, waits in suspense for FINANCE.
 * @param isAwaited whether the errand still waits for exactly this money
 * @param isGone it has gone back to the payer by now: it funds nothing
 */
export function landingOf(
  charge: Pick<Charge, 'amount' | 'currency' | 'purpose'>,
  received: Money,
  isAwaited: boolean,
  isGone = false,
): Landing {
  if (received.currency !== charge.currency) return { landed: 'SUSPENSE', detour: 'OTHER_CURRENCY' };
  if (isGone) return { landed: 'WALLET', detour: 'TAKEN_BACK' };
  if (received.minor !== charge.amount) return { landed: 'WALLET', detour: 'OTHER_AMOUNT' };
  if (charge.purpose === 'ERRAND' && !isAwaited) return { landed: 'WALLET', detour: 'ERRAND_MOVED_ON' };
  return { landed: charge.purpose, detour: null };
}

/** Money that arrived at the provider: the user's, in the wallet, or in suspense; what the provider keeps of it is our expense. */
export function receiptJournal(
  charge: Pick<Charge, 'id' | 'tenantId' | 'userId' | 'provider'>,
  { landed }: Pick<Landing, 'landed'>,
  received: Money,
  fee: bigint,
  now: Date,
): JournalDraft {
  const { id, tenantId, userId, provider } = charge;
  const isOurs = landed !== 'SUSPENSE';
  const clearing = accounts.pspClearing(provider);
  const into = isOurs ? accounts.wallet(userId) : accounts.suspense(provider);
  return {
    id: uuidOf(`journal:charge:${id}`),
    tenantId,
    kind: isOurs ? 'wallet.topUp' : 'charge.suspense',
    businessRef: `charge:${id}`,
    currency: received.currency,
    effectiveAt: now,
    recordedAt: now,
    actorId: userId,
    postings: [...transfer(clearing, into, received.minor), ...transfer(accounts.pspFees(), clearing, fee)],
  };
}
