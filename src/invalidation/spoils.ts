import type { ModelChange, WatchedModel, WatchedRow } from '../db/index.js';
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
