import { at, textAt } from './exact-json.js';
import type { Ask } from './http.ask.js';
import type { BookItem } from './provider.port.js';

const pagesMax = 1_000;
/** How long before it moved money a charge or transfer may have been made to be found. */
const madeBeforeMs = 3 * 86_400_000;

/** The rows of all pages; undefined when one of them cannot be had, so that half a book is never taken for a whole one. */
export async function pagesOf(
  ask: Ask,
  pathOf: (page: string) => string,
  isYes: (body: unknown) => boolean,
  pageCountOf: (body: unknown) => string | undefined,
): Promise<readonly unknown[] | undefined> {
  const rows: unknown[] = [];
  for (let page = 1; page <= pagesMax; page += 1) {
    const answer = await ask('GET', pathOf(page.toString()));
    if (answer.kind !== 'answer' || answer.status !== 200 || !isYes(answer.body)) return undefined;
    const data = at(answer.body, 'data');
    if (!Array.isArray(data)) return undefined;
    rows.push(...data);
    const pageCount = Number(pageCountOf(answer.body) ?? '1');
    if (!Number.isInteger(pageCount)) return undefined;
    if (page >= pageCount) return rows;
  }
  return undefined;
}

export function widened(from: Date, until: Date): { readonly from: Date; readonly until: Date } {
  return { from: new Date(from.getTime() - madeBeforeMs), until };
}

export function daysBefore(time: Date, days: number): Date {
  return new Date(time.getTime() - days * 86_400_000);
}

/** What lies in the time, in its order; undefined when anything could not be read. */
export function inside(
  found: readonly (readonly BookItem[] | undefined)[],
  from: Date,
  until: Date,
): readonly BookItem[] | undefined {
  if (found.includes(undefined)) return undefined;
  return found
    .flatMap((items) => items ?? [])
    .filter((item) => item.at >= from && item.at < until)
    .toSorted((one, other) => one.at.getTime() - other.at.getTime());
}

export function timeAt(data: unknown, name: string): Date | undefined {
  const text = textAt(data, name);
  if (text === undefined) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
