import { uuidOf, type Currency, type Money } from '../../kernel/index.js';
import type { Charge, Tx } from '../../db/index.js';
import {
  accounts,
  balanceOfTotals,
  emptyTotals,
  openAndLock,
  postJournal,
  transfer,
  type JournalDraft,
  type Posting,
} from '../ledger/index.js';

/** Who bears money that a provider took back: the USER it had been credited to, or the HOUSE. */
export const chargebackBearers = ['USER', 'HOUSE'] as const;
export type ChargebackBearer = (typeof chargebackBearers)[number];

export const chargebackKind = 'charge.chargeback';

/** Of a provider's event: it is booked once. */
export function chargebackJournalId(provider: string, eventId: string): string {
  return uuidOf(`journal:chargeback:${provider}:${eventId}`);
}

/**
 * Books that all of a charge has gone back to its payer, for the one who has just booked that it came and holds its lock.
 * What the provider tells later of its single parts is in it.
 */
export async function takeBackWhole(tx: Tx, charge: Charge, reason: string, now: Date): Promise<void> {
  const currency = (charge.receivedCurrency ?? charge.currency) as Currency;
  const amount = { minor: charge.received ?? charge.amount, currency };
  const id = wholeChargebackId(charge);
  await bookChargeback(
    tx,
    charge,
    { id, actorId: null, reason: `${charge.provider}: ${reason}`, amount, bearer: 'USER' },
    now,
  );
}

export function wholeChargebackId({ id }: Charge): string {
  return uuidOf(`journal:chargeback:whole:${id}`);
}

export interface TakenBack {
  readonly id: string;
  readonly actorId: string | null;
  readonly reason: string;
  readonly amount: Money;
}

export async function bookChargeback(
  tx: Tx,
  charge: Charge,
  { bearer, ...taken }: TakenBack & { readonly bearer: ChargebackBearer },
  now: Date,
): Promise<void> {
  await postJournal(tx, chargebackJournal(charge, taken, await postingsOf(tx, charge, bearer, taken.amount, now), now));
}

/** The booking of a chargeback. */
export function chargebackJournal(
  { id, tenantId }: Pick<Charge, 'id' | 'tenantId'>,
  { amount, ...named }: TakenBack,
  postings: readonly Posting[],
  now: Date,
): JournalDraft {
  return {
    ...named,
    tenantId,
    kind: chargebackKind,
    businessRef: `charge:${id}`,
    currency: amount.currency,
    effectiveAt: now,
    recordedAt: now,
    postings,
  };
}

/** What never reached a wallet is taken from where it waits, whoever would bear it. */
async function postingsOf(
  tx: Tx,
  charge: Charge,
  bearer: ChargebackBearer,
  amount: Money,
  now: Date,
): Promise<readonly Posting[]> {
  const { landed, provider } = charge;
  if (landed === 'SUSPENSE') return transfer(accounts.suspense(provider), accounts.pspClearing(provider), amount.minor);
  return bearer === 'HOUSE' ? houseBears(charge, amount) : userBears(tx, charge, amount, now);
}

function houseBears({ provider }: Charge, { minor }: Money): readonly Posting[] {
  return transfer(accounts.chargebacks(), accounts.pspClearing(provider), minor);
}

/** From the wallet what it holds, the rest is owed; decided under the locks of both. */
async function userBears(
  tx: Tx,
  { tenantId, userId, provider }: Charge,
  { minor, currency }: Money,
  now: Date,
): Promise<readonly Posting[]> {
  const [wallet, receivable] = [accounts.wallet(userId), accounts.receivable(userId)];
  const totals = await openAndLock(tx, { tenantId, currency, recordedAt: now }, [wallet, receivable]);
  const held = balanceOfTotals(wallet, totals.get(wallet.code) ?? emptyTotals);
  return userBearsPostings({ userId, provider }, held, minor);
}

/** From a wallet what it holds, the rest is owed. */
export function userBearsPostings(
  { userId, provider }: Pick<Charge, 'userId' | 'provider'>,
  held: bigint,
  minor: bigint,
): readonly Posting[] {
  const [wallet, receivable] = [accounts.wallet(userId), accounts.receivable(userId)];
  const taken = held < minor ? held : minor;
  const clearing = accounts.pspClearing(provider);
  return [...transfer(wallet, clearing, taken), ...transfer(receivable, clearing, minor - taken)];
}
