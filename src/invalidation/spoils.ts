import type { ModelChange, WatchedModel, WatchedRow } from '../db/index.js';
import type { CacheType } from './families.js';
import { errandListTagsOf, tags } from './tags.js';

type Spoils = { readonly [M in WatchedModel]: (row: WatchedRow<M>) => readonly (string | null)[] };

/**
 * Model -> the tags one of its rows spoils, applied to the row before and after the change: total over the watched
 * models, so a newly watched model does not compile until someone decides. `[]` is a decision.
 */
export const spoils: Spoils = {
  Tenant: (tenant) => [tags.tenant(tenant.slug)],
  User: (user) => [tags.userData(user.id), tags.userPermissions(user.id), tags.userProfile(user.id)],
  UserProfile: (profile) => [tags.userData(profile.userId), tags.userProfile(profile.userId)],
  RoleGrant: (grant) => [tags.userPermissions(grant.userId), tags.userData(grant.userId)],
  Session: (session) => [tags.session(session.id)],
  Errand: (errand) => [
    tags.errand(errand.id),
    tags.userErrands(errand.customerId),
    errand.runnerId && tags.userErrands(errand.runnerId),
    ...errandListTagsOf(errand),
  ],
  Offer: (offer) => [tags.errand(offer.errandId)],
  Escrow: (escrow) => [
    tags.escrow(escrow.id),
    tags.errandEscrow(escrow.errandId),
    tags.userEscrows(escrow.customerId),
    escrow.runnerId && tags.userEscrows(escrow.runnerId),
  ],
  Bank: (bank) => [tags.banks(bank.country)],
  BankCode: (code) => [tags.banks(code.country)],
  BankAlias: () => ['NG', 'GH', 'KE', 'ZA'].map(tags.banks),
};

/**
 * Model -> the types whose entries one of its rows may spoil; a test compares it with the tags that reads ask for. Entries
 * that belong to one viewer also depend on what that viewer may do.
 */
const viewersOwn = ['USER_DATA', 'USER_ERRANDS', 'USER_ESCROWS', 'ESCROW_DETAIL', 'OFFERS'] as const;
export const typesShowing: { readonly [M in WatchedModel]: readonly CacheType[] } = {
  Tenant: ['TENANT'],
  User: ['ROLES', 'USER_PROFILE', ...viewersOwn],
  UserProfile: ['USER_DATA', 'USER_PROFILE'],
  RoleGrant: ['ROLES', 'USER_PROFILE', ...viewersOwn],
  Session: ['SESSION'],
  Errand: ['ERRAND_DETAIL', 'ERRAND_LIST', 'USER_ERRANDS', 'OFFERS'],
  Offer: ['ERRAND_DETAIL', 'OFFERS'],
  Escrow: ['ESCROW_DETAIL', 'USER_ESCROWS'],
  Bank: ['BANKS_LIST'],
  BankCode: ['BANKS_LIST'],
  BankAlias: ['BANKS_LIST'],
};

/** The tags that a set of committed changes spoils, each once. */
export function tagsSpoiledBy(changes: readonly ModelChange[]): readonly string[] {
  const found = new Set<string>();
  for (const change of changes) {
    const spoil = spoils[change.model] as (row: ModelChange['before'] & {}) => readonly (string | null)[];
    for (const row of [change.before, change.after]) {
      if (row) for (const tag of spoil(row)) if (tag) found.add(tag);
    }
  }
  return [...found];
}
