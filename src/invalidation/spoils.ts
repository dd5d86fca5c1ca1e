import { typeTag } from '../cache/index.js';
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
  Dispute: (dispute) => [tags.dispute(dispute.id)],
  Bank: (bank) => [tags.banks(bank.country)],
  BankCode: (code) => [tags.banks(code.country)],
  BankAlias: () => ['NG', 'GH', 'KE', 'ZA'].map(tags.banks),
};

/**
 * Model -> the types whose entries one of its rows may spoil; a test compares it with the tags that reads ask for. Entries
 * that belong to one viewer also depend on what that viewer may do.
 */
const viewersOwn = ['USER_DATA', 'USER_ERRANDS', 'USER_ESCROWS', 'ESCROW_DETAIL', 'DISPUTE_DETAIL', 'OFFERS'] as const;
export const typesShowing: { readonly [M in WatchedModel]: readonly CacheType[] } = {
  Tenant: ['TENANT'],
  User: ['ROLES', 'USER_PROFILE', ...viewersOwn],
  UserProfile: ['USER_DATA', 'USER_PROFILE'],
  RoleGrant: ['ROLES', 'USER_PROFILE', ...viewersOwn],
  Session: ['SESSION'],
  Errand: ['ERRAND_DETAIL', 'ERRAND_LIST', 'USER_ERRANDS', 'OFFERS'],
  Offer: ['ERRAND_DETAIL', 'OFFERS'],
  Escrow: ['ESCROW_DETAIL', 'USER_ESCROWS'],
  Dispute: ['DISPUTE_DETAIL'],
  Bank: ['BANKS_LIST'],
  BankCode: ['BANKS_LIST'],
  BankAlias: ['BANKS_LIST'],
};

/** The tags that a set of committed changes spoils, each once. */
export function tagsSpoiledBy(changes: readonly ModelChange[]): readonly string[] {
  const found = new Set<string>();
  for (const { model, before, after } of changes) {
    const rows = [before, after].filter((row) => row !== undefined);
    const spoilt = rows.length === 0 ? tagsOfModel(model) : rows.flatMap((row) => tagsOfRow(model, row));
    for (const tag of spoilt) found.add(tag);
  }
  return [...found];
}

/**
 * Tags that cover everything shown of a model, whichever rows changed. Every entry carries the tag of its type, and every
 * type that can show the model is in `typesShowing`, so no entry made of its rows is left out.
 */
export function tagsOfModel(model: WatchedModel): readonly string[] {
  return typesShowing[model].map(typeTag);
}

/** The tags that one row spoils, as it was before or after a change. */
export function tagsOfRow(model: WatchedModel, row: Row): readonly string[] {
  // The map is total, and a change pairs each model with rows of its own; TypeScript cannot follow the two together.
  const spoil = spoils[model] as (row: Row) => readonly (string | null)[];
  return spoil(row).filter((tag) => tag !== null);
}

type Row = ModelChange['before'] & {};
