import { badInput } from './errors.js';

export const pageSizeDefault = 20;
export const pageSizeMax = 100;

/** A keyset page: rows after the row that `after` names, never an offset. */
export interface PageRequest {
  readonly first: number;
  readonly after: Cursor | undefined;
}

/** Where a row stands in its ordering: the ordering's name, the value it sorts by, and the row's id as tie-break. */
export interface Cursor {
  readonly order: string;
  readonly value: string;
  readonly id: string;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
}

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.order, cursor.value, cursor.id])).toString('base64url');
}

/** @throws AppError BAD_INPUT when the text is not a cursor of this ordering */
export function decodeCursor(text: string, order: string): Cursor {
  const parts = parseParts(text);
  if (!parts) throw badInput('after', 'is not a cursor; pass an endCursor or an edge cursor of an earlier answer.');
  const [cursorOrder, value, id] = parts;
  if (cursorOrder !== order)
    throw badInput('after', `is a cursor of ordering ${cursorOrder}, this list is ordered by ${order}.`);
  return { order: cursorOrder, value, id };
}

/** @throws AppError BAD_INPUT when `first` is out of bounds */
export function pageRequest(first: number | undefined, after: string | undefined, order: string): PageRequest {
  const size = first ?? pageSizeDefault;
  if (!Number.isInteger(size) || size < 1 || size > pageSizeMax) {
    throw badInput('first', `must be a whole number from 1 to ${pageSizeMax}, got ${size}.`);
  }
  return { first: size, after: after === undefined ? undefined : decodeCursor(after, order) };
}

/** Cuts a page out of rows that were fetched with one row too many. */
export function pageOf<Row>(rows: readonly Row[], first: number): Page<Row> {
  return { rows: rows.slice(0, first), hasNextPage: rows.length > first };
}

function parseParts(text: string): readonly [string, string, string] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === 3 && parts.every((part) => typeof part === 'string')) {
      return parts as unknown as readonly [string, string, string];
    }
  } catch {
    // Not JSON, so not a cursor: said by the caller in its own words.
  }
  return undefined;
}
