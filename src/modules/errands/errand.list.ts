import {
  escapeLike,
  isStorable,
  isUuid,
  notStorable,
  pageOf,
  pageRequest,
  type Cursor,
  type FieldFault,
  type Page,
} from '../../kernel/index.js';
import type { Prisma, Reader } from '../../db/index.js';
import {
  amountMinorMax,
  areaLengthMax,
  areaLengthMin,
  errandCategories,
  errandStates,
  type Errand,
  type ErrandCategory,
  type ErrandState,
} from './errand.js';
import { distinct, namesFaults, refuse } from './faults.js';
import { notACursor, parseCursorTime } from './newest-first.js';

export const errandOrders = ['CREATED_DESC', 'CREATED_ASC', 'BUDGET_DESC', 'BUDGET_ASC', 'DELIVER_BY_ASC'] as const;
export type ErrandOrder = (typeof errandOrders)[number];

/** Every part given must match; an empty list is as if it were not given. */
export interface ErrandFilter {
  /** Default: every state but DRAFT. */
  readonly states?: readonly ErrandState[] | null | undefined;
  readonly categories?: readonly ErrandCategory[] | null | undefined;
  /** The whole area, 2 to 80 characters without the spaces around it; case does not matter. '' is as if it were not given. */
  readonly area?: string | null | undefined;
  /** Minor units, inclusive. */
  readonly budgetMin?: bigint | null | undefined;
  readonly budgetMax?: bigint | null | undefined;
  /** 2 to 100 characters, found in title or description; case does not matter. */
  readonly text?: string | null | undefined;
}

export interface PageArgs {
  /** 1 to 100. Default 20. */
  readonly first?: number | null | undefined;
  /** An encoded cursor of the same ordering. */
  readonly after?: string | null | undefined;
}

/** One page of errands, in one statement; rows after the cursor, never an offset. */
export async function errandPage(
  reader: Reader,
  where: Prisma.ErrandWhereInput,
  order: ErrandOrder,
  { first, after }: PageArgs,
): Promise<Page<Errand>> {
  const page = pageRequest(first ?? undefined, after ?? undefined, order);
  const rows = await reader.errand.findMany({
    where: { AND: [where, afterCursor(order, page.after)] },
    orderBy: orderByOf(order),
    take: page.first + 1,
  });
  return pageOf(rows, page.first);
}

/** Where an errand stands in an ordering. */
export function errandCursor(order: ErrandOrder): (errand: Errand) => Cursor {
  const { column } = orderings[order];
  return (errand) => {
    const value = errand[column];
    return { order, value: value instanceof Date ? value.toISOString() : (value?.toString() ?? ''), id: errand.id };
  };
}

/** @throws AppError BAD_INPUT when drafts are asked for, or a bound or text is out of range */
export function marketWhere(tenantId: string, filter: ErrandFilter): Prisma.ErrandWhereInput {
  const { states, categories, budgetMin, budgetMax } = filter;
  const text = filter.text?.trim();
  const area = filter.area ? filter.area.trim() : undefined;
  refuse([...filterFaults(filter), ...lengthFaults({ text: text || undefined, area })]);
  const contains = text && ({ contains: escapeLike(text), mode: 'insensitive' } as const);
  return {
    tenantId,
    state: states?.length ? { in: distinct(states) } : { not: 'DRAFT' },
    NOT: discardedDraft,
    ...(categories?.length && { category: { in: distinct(categories) } }),
    ...(area && { area: { equals: escapeLike(area), mode: 'insensitive' } }),
    budget: { ...(budgetMin != null && { gte: budgetMin }), ...(budgetMax != null && { lte: budgetMax }) },
    ...(contains && { OR: [{ title: contains }, { description: contains }] }),
  };
}

/** Cancelled before it was published: still private to its customer. */
const discardedDraft = { state: 'CANCELLED', publishedAt: null } as const;

interface Ordering {
  readonly column: 'createdAt' | 'budget' | 'deliverBy';
  readonly direction: 'asc' | 'desc';
  /** Ties go by id, the other way round where an index is read backwards. */
  readonly idDirection: 'asc' | 'desc';
  readonly nullsLast: boolean;
}

const orderings = {
  CREATED_DESC: { column: 'createdAt', direction: 'desc', idDirection: 'asc', nullsLast: false },
  CREATED_ASC: { column: 'createdAt', direction: 'asc', idDirection: 'desc', nullsLast: false },
  BUDGET_DESC: { column: 'budget', direction: 'desc', idDirection: 'desc', nullsLast: false },
  BUDGET_ASC: { column: 'budget', direction: 'asc', idDirection: 'asc', nullsLast: false },
  DELIVER_BY_ASC: { column: 'deliverBy', direction: 'asc', idDirection: 'asc', nullsLast: true },
} as const satisfies Record<ErrandOrder, Ordering>;

function orderByOf(order: ErrandOrder): Prisma.ErrandOrderByWithRelationInput[] {
  const { column, direction, idDirection, nullsLast }: Ordering = orderings[order];
  return [{ [column]: nullsLast ? { sort: direction, nulls: 'last' } : direction }, { id: idDirection }];
}

/** `column <= value AND (column < value OR id > …)`: the first half is a bound an index understands. */
function afterCursor(order: ErrandOrder, cursor: Cursor | undefined): Prisma.ErrandWhereInput {
  if (!cursor) return {};
  if (!isUuid(cursor.id)) throw notACursor();
  const { column, direction, idDirection, nullsLast }: Ordering = orderings[order];
  const beyond = direction === 'desc' ? 'lt' : 'gt';
  const idBeyond = { id: { [idDirection === 'desc' ? 'lt' : 'gt']: cursor.id } };
  if (nullsLast && cursor.value === '') return { [column]: null, ...idBeyond };
  const value = parseValue(column, cursor.value);
  const rest: Prisma.ErrandWhereInput = {
    [column]: { [`${beyond}e`]: value },
    OR: [{ [column]: { [beyond]: value } }, idBeyond],
  };
  return nullsLast ? { OR: [rest, { [column]: null }] } : rest;
}

function parseValue(column: Ordering['column'], text: string): Date | bigint {
  if (column === 'budget') {
    if (/^\d{1,18}$/.test(text)) return BigInt(text);
    throw notACursor();
  }
  return parseCursorTime(text);
}

function filterFaults({ states, categories, budgetMin, budgetMax }: ErrandFilter): readonly FieldFault[] {
  const faults = [
    ...namesFaults('filter.states', states, errandStates),
    ...namesFaults('filter.categories', categories, errandCategories),
  ];
  if (states?.includes('DRAFT')) {
    faults.push({ path: 'filter.states', message: 'DRAFT is private to its customer: ask myErrands for drafts.' });
  }
  for (const [name, bound] of Object.entries({ budgetMin, budgetMax })) {
    if (bound == null || (bound >= 0n && bound <= amountMinorMax)) continue;
    faults.push({ path: `filter.${name}`, message: `must be from 0 to ${amountMinorMax}, got ${bound}.` });
  }
  if (budgetMin != null && budgetMax != null && budgetMin > budgetMax) {
    faults.push({
      path: 'filter.budgetMax',
      message: `must not be below budgetMin, got ${budgetMin} to ${budgetMax}.`,
    });
  }
  return faults;
}

const searchLengths = { text: [2, 100], area: [areaLengthMin, areaLengthMax] } as const;

function lengthFaults(given: { readonly [name in keyof typeof searchLengths]: string | undefined }): FieldFault[] {
  return (['text', 'area'] as const).flatMap((name) => {
    const value = given[name];
    const [min, max] = searchLengths[name];
    const path = `filter.${name}`;
    if (value === undefined) return [];
    if (!isStorable(value)) return [{ path, message: notStorable }];
    const message = `takes ${min} to ${max} characters, got ${value.length}.`;
    return value.length < min || value.length > max ? [{ path, message }] : [];
  });
}
