import { inside, pagesOf, timeAt, widened } from './book.pages.js';
import { majorFee, majorMoney } from './decimal.js';
import { textAt } from './exact-json.js';
import type { Ask } from './http.ask.js';
import type { BookItem } from './provider.port.js';

/**
 * Charges and transfers by the time they were made, which is the only one Flutterwave tells. Chargebacks and reversals are
 * not listed with their bookings and not read.
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
  if (!charges || !transfers) return undefined;
  const items = [...charges.map((row) => itemsOf(row, 'charge')), ...transfers.map((row) => itemsOf(row, 'transfer'))];
  return inside(items, from, until);
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

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
