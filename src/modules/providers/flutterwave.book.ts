import { daysBefore, inside, pagesOf, timeAt, widened } from './book.pages.js';
import { majorFee, majorMoney } from './decimal.js';
import { at, textAt } from './exact-json.js';
import type { Ask } from './http.ask.js';
import type { BookItem } from './provider.port.js';

/**
 * Charges and transfers by the time they were made, which is the only one Flutterwave tells, and chargebacks that were lost or
 * accepted. Reversals of transfers are not listed with their bookings and not read.
 */
export async function flutterwaveBook(ask: Ask, from: Date, until: Date): Promise<readonly BookItem[] | undefined> {
  const asked = widened(from, until);
  const days = { from: dayOf(asked.from), to: dayOf(asked.until) };
  const charges = await pagesOf(
    ask,
    (page) => `/v3/transactions?${new URLSearchParams({ ...days, page })}`,
    isYes,
    pageCount,
  );
  const transfers = await pagesOf(
    ask,
    (page) => `/v3/transfers?${new URLSearchParams({ ...days, page })}`,
    isYes,
    pageCount,
  );
  const chargebacks = await flutterwaveChargebacks(ask, from, until);
  if (!charges || !transfers || !chargebacks) return undefined;
  const moved = [...charges.map((row) => itemsOf(row, 'charge')), ...transfers.map((row) => itemsOf(row, 'transfer'))];
  return inside([...moved, chargebacks], from, until);
}

function isYes(body: unknown): boolean {
  return textAt(body, 'status') === 'success';
}

function pageCount(body: unknown): string | undefined {
  return textAt(body, 'meta', 'page_info', 'total_pages');
}

/** @returns undefined when it cannot be read */
function itemsOf(data: unknown, kind: 'charge' | 'transfer'): readonly BookItem[] | undefined {
  const status = textAt(data, 'status')?.toLowerCase();
  if (status !== undefined && status !== 'successful') return [];
  const [reference, currency] = [textAt(data, kind === 'charge' ? 'tx_ref' : 'reference'), textAt(data, 'currency')];
  const amount = majorMoney(textAt(data, 'amount'), currency);
  const fee = majorFee(textAt(data, kind === 'charge' ? 'app_fee' : 'fee') ?? '0', currency);
  const moved = timeAt(data, 'created_at');
  return reference !== undefined && amount && fee && moved ? [{ kind, reference, amount, fee, at: moved }] : undefined;
}

const takingStatuses = ['lost', 'accepted'];
/** A chargeback may be argued about for so long before it is lost. */
const arguedDaysMax = 60;

/** Those that were lost or accepted within the time, whenever they began in the sixty days before. */
export async function flutterwaveChargebacks(
  ask: Ask,
  from: Date,
  until: Date,
): Promise<readonly BookItem[] | undefined> {
  const days = { from: dayOf(daysBefore(from, arguedDaysMax)), to: dayOf(until) };
  const items: (readonly BookItem[] | undefined)[] = [];
  for (const status of takingStatuses) {
    const query = { ...days, status };
    const pathOf = (page: string) => `/v3/chargebacks?${new URLSearchParams({ ...query, page })}`;
    const rows = await pagesOf(ask, pathOf, isYes, pageCount);
    if (!rows) return undefined;
    for (const row of rows) items.push(await chargebackItems(ask, row, status));
  }
  return inside(items, from, until);
}

/** Its row has no currency: that is the charge's. */
async function chargebackItems(ask: Ask, row: unknown, status: string): Promise<readonly BookItem[] | undefined> {
  if (textAt(row, 'status') !== status) return [];
  const [id, reference, lost] = [textAt(row, 'id'), textAt(row, 'tx_ref'), lostAt(row)];
  if (id === undefined || reference === undefined || !lost) return undefined;
  const query = new URLSearchParams({ tx_ref: reference });
  const charge = await ask('GET', `/v3/transactions/verify_by_reference?${query}`);
  const currency = charge.kind === 'answer' ? textAt(charge.body, 'data', 'currency') : undefined;
  const amount = majorMoney(textAt(row, 'amount'), currency);
  const fee = majorFee('0', currency);
  return amount && fee
    ? [{ kind: 'chargeback', reference, eventId: `chargeback ${id}`, amount, fee, at: lost }]
    : undefined;
}

/** When its last step was taken; else when it began. */
function lostAt(row: unknown): Date | undefined {
  const history = at(row, 'meta', 'history');
  const steps = Array.isArray(history) ? history : [];
  const taken = steps.findLast((step) => /^(?:lost|accept)/.test(textAt(step, 'action') ?? ''));
  return timeAt(taken, 'date') ?? timeAt(row, 'created_at');
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
