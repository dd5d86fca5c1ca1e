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
    const at = new Date(cursor.value);
    if (Number.isNaN(at.getTime()) || !isUuid(cursor.id)) throw notACursor();
    return { createdAt: { lte: at }, OR: [{ createdAt: { lt: at } }, { id: { gt: cursor.id } }] };
  },
} as const;

export function notACursor(): AppError {
  return badInput('after', 'is not a cursor; pass an endCursor or an edge cursor of an earlier answer.');
}
