import type { Outcome, ReadRequest } from './types.js';

/** One read on its way through the engine. */
export interface Visit {
  readonly request: ReadRequest<unknown>;
  readonly entryKey: string;
  /** Names what is loaded: reads of one name may share a load. */
  readonly flightName: string;
  /** Asked for by the request, and implied by its type and tenant. */
  readonly tags: readonly string[];
  /** This process's order of beginnings. */
  readonly began: number;
  readonly startedMs: number;
  /** Uniform in [0, 1), for what is left to chance. */
  readonly dice: number;
}

/** Tags found only in an entry, remembered so that the next look asks for them at once. Forgetting one costs a round trip. */
export interface TagHints {
  get(entryKey: string): readonly string[] | undefined;
  set(entryKey: string, tags: readonly string[]): void;
}

export const typeTag = (type: string): string => `type:${type}`;
export const tenantTag = (tenant: string): string => `tenant:${tenant}`;

export function beginVisit(request: ReadRequest<unknown>, prefix: string, began: number, dice: number): Visit {
  const { type, key, tenant, identity } = request;
  const implied = tenant === undefined ? [typeTag(type)] : [typeTag(type), tenantTag(tenant)];
  return {
    request,
    entryKey: `${prefix}:e:${key}`,
    flightName: JSON.stringify([key, type, tenant, identity]),
    tags: [...new Set([...request.tags, ...implied])],
    began,
    startedMs: performance.now(),
    dice,
  };
}

type Facts = Pick<Outcome, 'kind'> &
  Partial<Pick<Outcome, 'reason' | 'ageMs' | 'ttlMs' | 'layer' | 'refresh' | 'isAbsent' | 'asOf'>>;

export function outcomeOf({ request, startedMs }: Visit, facts: Facts): Outcome {
  const { type, key, tier } = request;
  return { ageMs: 0, ttlMs: 0, ...facts, type, key, tier, tookMs: performance.now() - startedMs };
}
