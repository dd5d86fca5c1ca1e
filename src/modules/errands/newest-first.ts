import { badInput, isUuid, type AppError, type Cursor } from '../../kernel/index.js';

/** The ordering most lists share: newest first, ties by id. Its keyset goes with the indexes on (…, created_at DESC, id). */
export const newestFirst = {
  order: 'CREATED_DESC',
  orderBy: [{ createdAt: 'desc' as const }, { id: 'asc' as const }],
  /** Where a row stands in the list. */
  cursor: ({ createdAt, id }: { readonly createdAt: Date; readonly id: string }): Cursor => ({
    order: 'CREATED_DESC',
    value: createdAt.toISOString(),
    id,
  }),
  /** The condition of the rows behind the cursor. @throws AppError BAD_INPUT when it was not made by `cursor` */
  after: (cursor: Cursor | undefined) => {
    if (!cursor) return {};
    if (!isUuid(cursor.id)) throw notACursor();
    const at = parseCursorTime(cursor.value);
    return { createdAt: { lte: at }, OR: [{ createdAt: { lt: at } }, { id: { gt: cursor.id } }] };
  },
} as const;

const cursorTimePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The time in a cursor, which must be spelt as `Date.toISOString` spells the years 1 to 9999: JavaScript knows years that
 * PostgreSQL does not. @throws AppError BAD_INPUT
 */
export function parseCursorTime(text: string): Date {
  const at = new Date(text);
  const isOurs = cursorTimePattern.test(text) && !Number.isNaN(at.getTime()) && at.toISOString() === text;
  if (!isOurs || text.startsWith('0000')) throw notACursor();
  return at;
}

export function notACursor(): AppError {
  return badInput('after', 'is not a cursor; pass an endCursor or an edge cursor of an earlier answer.');
}
