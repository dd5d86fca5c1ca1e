/**
 * The names of everything a cached answer can depend on. Reads ask for them, changed rows spoil them; both sides take
 * the spelling from here, so they cannot drift apart.
 */
export const tags = {
  userData: (userId: string) => `user:${userId}:data`,
  userPermissions: (userId: string) => `user:${userId}:permissions`,
  userProfile: (userId: string) => `user_profile:${userId}`,
  userErrands: (userId: string) => `user_errands:${userId}`,
  userEscrows: (userId: string) => `user_escrows:${userId}`,
  session: (sessionId: string) => `session:${sessionId}`,
  errand: (errandId: string) => `errand:${errandId}`,
  escrow: (escrowId: string) => `escrow:${escrowId}`,
  dispute: (disputeId: string) => `dispute:${disputeId}`,
  errandEscrow: (errandId: string) => `errand_escrow:${errandId}`,
  banks: (country: string) => `banks_list:${country}`,
  tenant: (slug: string) => `tenant_slug:${slug}`,
} as const;

/** What an errand list can be narrowed by; each combination of values is a tag of its own, so Lagos does not spoil Abuja. */
export interface ErrandPredicate {
  readonly tenantId: string;
  readonly state: string;
  readonly category: string;
  readonly area: string;
}

const any = '*';
const listTagsMax = 24;
/** No errand has a longer area, so a filter with one matches none: it is not worth a tag, nor the time to spell it. */
const areaLengthMax = 200;

function errandListTag(tenantId: string, state: string, category: string, area: string): string {
  return `errand_list:${tenantId}:${state}:${category}:${area === any ? any : encodeURIComponent(folded(area))}`;
}

/**
 * Areas that a database takes for the same (ILIKE, under any of its locales) get the same text; that some others do too
 * only spoils more than it must. So marks are taken off, and cases are folded up, down and up again: by way of a final
 * sigma, a dotted I or a sharp s, two spellings of one word meet only then.
 */
function folded(area: string): string {
  const bare = area.trim().normalize('NFKD').toUpperCase().normalize('NFKD').replaceAll(/\p{M}/gu, '');
  return bare.toLowerCase().toUpperCase();
}

/** Every list tag an errand with these values belongs to: 2^3, whatever the number of lists or errands. */
export function errandListTagsOf({ tenantId, state, category, area }: ErrandPredicate): readonly string[] {
  return [state, any].flatMap((s) =>
    [category, any].flatMap((c) => [area, any].map((a) => errandListTag(tenantId, s, c, a))),
  );
}

/**
 * The narrowest tags that cover a list: it can change only when an errand carrying one of them does. A filter that would
 * take more than 24 tags, or a very long one, is covered by wider ones: a tag costs a client next to nothing to ask for.
 */
export function errandListTagsFor(filter: {
  readonly tenantId: string;
  readonly states?: readonly string[] | null | undefined;
  readonly categories?: readonly string[] | null | undefined;
  readonly area?: string | null | undefined;
}): readonly string[] {
  const states = filter.states?.length ? [...new Set(filter.states)] : [any];
  const wanted = filter.categories?.length ? [...new Set(filter.categories)] : [any];
  const categories = states.length * wanted.length > listTagsMax ? [any] : wanted;
  const wantedArea = filter.area?.trim() || any;
  const area = wantedArea.length > areaLengthMax ? any : wantedArea;
  return states.flatMap((s) => categories.map((c) => errandListTag(filter.tenantId, s, c, area)));
}
