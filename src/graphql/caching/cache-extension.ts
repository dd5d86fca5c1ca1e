import type { ApolloServerPlugin } from '@apollo/server';
import type { Outcome, Tier } from '../../cache/index.js';
import { AppError } from '../../kernel/index.js';
import type { GraphqlContext } from '../context.js';
import type { CacheTrace } from './cache-trace.js';
import { floorHeader, floorToken } from './floor.js';
import type { TypePolicy } from './ttl-policy.js';

export const traceHeader = 'x-runam-cache';

/** Whether the answer is to say what the cache did. @throws AppError BAD_INPUT */
export function wantsTrace(header: string | undefined): boolean {
  if (header === undefined) return false;
  if (header.trim().toLowerCase() === 'trace') return true;
  throw new AppError('BAD_INPUT', `The header ${traceHeader} takes "trace", and nothing else.`);
}

/** What one read did, for people. */
export interface ReadReport {
  readonly type: string;
  readonly kind: Outcome['kind'];
  readonly reason?: string;
  readonly layer?: string;
  readonly tier: Tier;
  /** What a value of this tier is never older than. */
  readonly guarantee: string;
  readonly ageMs: number;
  readonly ttlMs: number;
  readonly tookMs: number;
  /** To admins only, because it names rows and people. */
  readonly key?: string;
}

export interface FieldReport extends ReadReport {
  readonly path: readonly [string];
  /** To admins only. */
  readonly tags?: readonly string[];
}

const guarantees: Readonly<Record<Tier, (boundMs: number) => string>> = {
  strict: () => 'never older than any committed write',
  acked: () => 'never older than any answered write',
  bounded: (boundMs) => `never older than any write answered ${boundMs} ms before`,
  ttl: () => 'never older than its time to live',
};

/**
 * `extensions.cache`: after a mutation `floor`; for a request with the header `x-runam-cache: trace` also `fields`, one for
 * each cached root field, and `viewer`, what was read to learn who asks.
 */
export const cacheExtensionPlugin: ApolloServerPlugin<GraphqlContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ contextValue, operation, response }) {
        if (response.body.kind !== 'single') return;
        const { caching, isTraced } = contextValue;
        // The answer waited for the bumps of its writes, so the position of this process is at or above them.
        const floor = operation?.operation === 'mutation' ? floorToken(caching.cache.position()) : undefined;
        if (floor === undefined && !isTraced) return;
        if (floor !== undefined) response.http.headers.set(floorHeader, floor);
        const cache = { ...(floor !== undefined && { floor }), ...(isTraced && reportOf(contextValue)) };
        const { singleResult } = response.body;
        singleResult.extensions = { ...singleResult.extensions, cache };
      },
    };
  },
};

function reportOf({ cacheTrace, caching, viewer, viewerReads }: GraphqlContext) {
  const reader: Reader = { policy: caching.policy, isAdmin: viewer.roles.has('ADMIN') };
  return {
    fields: cacheTrace.map((trace) => fieldReport(trace, reader)),
    viewer: viewerReads.map((outcome) => readReport(outcome, reader)),
  };
}

interface Reader {
  readonly policy: Readonly<Record<string, TypePolicy>>;
  readonly isAdmin: boolean;
}

function fieldReport({ path, outcome, tags }: CacheTrace, reader: Reader): FieldReport {
  return { path: [path], ...readReport(outcome, reader), ...(reader.isAdmin && { tags }) };
}

function readReport(outcome: Outcome, { policy, isAdmin }: Reader): ReadReport {
  const { type, kind, reason, tier, layer, ageMs, ttlMs, tookMs, key } = outcome;
  return {
    type,
    kind,
    ...(reason !== undefined && { reason }),
    ...(layer !== undefined && { layer }),
    tier,
    guarantee: guarantees[tier](policy[type]?.boundMs ?? 0),
    ageMs: Math.round(ageMs),
    ttlMs: Math.max(0, Math.round(ttlMs)),
    tookMs: Math.round(tookMs * 1000) / 1000,
    ...(isAdmin && { key }),
  };
}
