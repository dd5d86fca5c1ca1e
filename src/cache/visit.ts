import type { Outcome, ReadRequest } from './types.js';

/** One read on its way through the engine. */
export interface Visit {
  readonly request: ReadRequest<unknown>;
  readonly entryKey: string;
  /** Names what is loaded: reads of one name may share a load. */
  readonly flightName: string;
  /** Asked for by the request, and implied by it. */
  readonly tags: readonly string[];
  /** Of type, tenant and scopes: they bind an entry of any tier. */
  readonly implied: readonly string[];
  /** This process's order of beginnings. */
  readonly began: number;
  readonly startedMs: number;
}

/** Tags found only in an entry, remembered so that the next look asks for them at once. Forgetting one costs a round trip. */
export interface TagHints {
  get(entryKey: string): readonly string[] | undefined;
  set(entryKey: string, tags: readonly string[]): void;
}

export const typeTag = (type: string): string => `type:${type}`;
export const tenantTag = (tenant: string): string => `tenant:${tenant}`;

/** What the store's names of all entries of an alias begin with. */
export function entryPrefix(prefix: string, alias: string | undefined): string {
  return alias === undefined ? `${prefix}:e:` : `${prefix}:e:a:${alias}:`;
}

export function beginVisit(request: ReadRequest<unknown>, prefix: string, began: number): Visit {
  const { type, key, alias, tenant, identity, scopes = [] } = request;
  const implied = [typeTag(type), ...(tenant === undefined ? [] : [tenantTag(tenant)]), ...scopes];
  return {
    request,
    entryKey: entryPrefix(prefix, alias) + key,
    flightName: JSON.stringify([key, type, tenant, identity, alias]),
    tags: [...new Set([...request.tags, ...implied])],
    implied,
    began,
    startedMs: performance.now(),
  };
}

type Facts = Pick<Outcome, 'kind'> & Partial<Pick<Outcome, 'reason' | 'ageMs' | 'ttlMs'>>;

export function outcomeOf({ request, startedMs }: Visit, facts: Facts): Outcome {
  const { type, key, alias, tier } = request;
  const named = alias === undefined ? { type, key } : { type, key, alias };
  return { ageMs: 0, ttlMs: 0, ...facts, ...named, tier, tookMs: performance.now() - startedMs };
}
