import type { Money } from '../../kernel/index.js';
import { at, textAt } from './exact-json.js';
import type { Ask } from './http.ask.js';
import { daysBefore, inside, pagesOf, timeAt, widened } from './book.pages.js';
import { paystackMoney } from './paystack.money.js';
import { disputedReference, lostDisputeId } from './paystack.webhook.js';
import type { BookItem } from './provider.port.js';

/**
 * Charges, transfers and lost disputes by the time they moved money. Paystack lists by the time they were made, so what took
 * longer than three days to move, a dispute longer than sixty, is missed. Refunds are not read: they name no reference of ours.
 */
export async function paystackBook(ask: Ask, from: Date, until: Date): Promise<readonly BookItem[] | undefined> {
  const asked = widened(from, until);
  const times = { from: asked.from.toISOString(), to: asked.until.toISOString(), perPage: '100' };
  const charges = await pagesOf(
    ask,
    (page) => `/transaction?${new URLSearchParams({ ...times, page })}`,
    isYes,
    pageCount,
  );
  const transfers = await pagesOf(
    ask,
    (page) => `/transfer?${new URLSearchParams({ ...times, page })}`,
    isYes,
    pageCount,
  );
  const disputes = await paystackChargebacks(ask, from, until);
  if (!charges || !transfers || !disputes) return undefined;
  return inside([...charges.map(chargeItems), ...transfers.map(transferItems), disputes], from, until);
}

/** Disputes that were lost within the time, whenever they began in the sixty days before. */
export async function paystackChargebacks(ask: Ask, from: Date, until: Date): Promise<readonly BookItem[] | undefined> {
  const times = { from: daysBefore(from, disputeDaysMax).toISOString(), to: until.toISOString() };
  const query = { ...times, status: 'resolved', perPage: '100' };
  const rows = await pagesOf(ask, (page) => `/dispute?${new URLSearchParams({ ...query, page })}`, isYes, pageCount);
  return rows && inside(rows.map(disputeItems), from, until);
}

function isYes(body: unknown): boolean {
  return at(body, 'status') === true;
}

function pageCount(body: unknown): string | undefined {
  return textAt(body, 'meta', 'pageCount');
}

const disputeDaysMax = 60;
const movedStatuses: ReadonlySet<string> = new Set(['success', 'reversed']);

/** @returns undefined when it cannot be read */
function chargeItems(data: unknown): readonly BookItem[] | undefined {
  const status = textAt(data, 'status');
  if (status !== undefined && !movedStatuses.has(status)) return [];
  const [reference, moved, amount] = [
    textAt(data, 'reference'),
    timeAt(data, 'paid_at'),
    paystackMoney(data, 'amount'),
  ];
  const fee = paystackMoney(data, 'fees') ?? none(amount);
  return reference !== undefined && moved && amount && fee
    ? [{ kind: 'charge', reference, amount, fee, at: moved }]
    : undefined;
}

function transferItems(data: unknown): readonly BookItem[] | undefined {
  const status = textAt(data, 'status');
  if (status !== undefined && !movedStatuses.has(status)) return [];
  const [reference, amount] = [textAt(data, 'reference'), paystackMoney(data, 'amount')];
  const moved = timeAt(data, 'transferred_at') ?? timeAt(data, 'createdAt');
  const fee = paystackMoney(data, 'fee_charged') ?? none(amount);
  const nothing = none(amount);
  if (reference === undefined || !moved || !amount || !fee || !nothing) return undefined;
  const paid: BookItem = { kind: 'transfer', reference, amount, fee, at: moved };
  const back = timeAt(data, 'updatedAt') ?? moved;
  return status === 'success' ? [paid] : [paid, { kind: 'reversal', reference, amount, fee: nothing, at: back }];
}

/** Only those that the cardholder's bank won moved money. */
function disputeItems(data: unknown): readonly BookItem[] | undefined {
  const eventId = lostDisputeId(data);
  if (eventId === undefined) return textAt(data, 'status') === undefined ? undefined : [];
  const reference = disputedReference(data);
  const [amount, lost] = [
    paystackMoney(data, 'refund_amount'),
    timeAt(data, 'resolvedAt') ?? timeAt(data, 'updatedAt'),
  ];
  const nothing = none(amount);
  return reference !== undefined && amount && nothing && lost
    ? [{ kind: 'chargeback', reference, eventId, amount, fee: nothing, at: lost }]
    : undefined;
}

function none(amount: Money | undefined): Money | undefined {
  return amount && { minor: 0n, currency: amount.currency };
}
