import { defaultFieldResolver } from 'graphql';
import { Extensions, UseMiddleware, type MiddlewareFn, type ResolverData } from 'type-graphql';
import type { Outcome } from '../../cache/index.js';
import type { CacheType } from '../../invalidation/index.js';
import type { Viewer } from '../../kernel/index.js';
import type { GraphqlContext } from '../context.js';
import { createLoaders } from '../loaders.js';
import { scopedIdentity, scopedKey, scopeTags, type Scope } from './scope.js';
import { absenceOf, termsOf } from './ttl-policy.js';

/** How one resolver's answer is kept: what it is called, whom it may be shown to, and what spoils it. */
export interface CachePolicy<Args, Value> {
  readonly type: CacheType;
  /** Default `viewer`. */
  readonly scope?: Scope;
  /** The key family with its ids, for example `errand:{id}`. */
  readonly key: (args: Args, viewer: Viewer) => string;
  readonly tags: (args: Args, viewer: Viewer) => readonly string[];
  /** Dependencies that only the loaded value can tell. */
  readonly tagsFound?: (value: Value) => readonly string[];
  /**
   * Whether a NOT_FOUND is remembered too. Creating the row must spoil one of `tags`; where viewers share the entry, the
   * resolver must not ask who they are. Default false.
   */
  readonly remembersAbsence?: boolean;
  /** Runs on every read, hit or miss, before the value is shown; throws when this viewer may not see it. */
  readonly authorize?: (value: Value, viewer: Viewer, args: Args) => void;
}

/** Answers a query field from the cache, within the guarantee of its type; loads it through the resolver on a miss. */
export function Cached<Args, Value>(policy: CachePolicy<Args, Value>): MethodDecorator {
  const { type, scope = 'viewer', key, tags, tagsFound, remembersAbsence = false, authorize } = policy;
  const middleware: MiddlewareFn<GraphqlContext> = async (call, next) => {
    const { args, context, info } = call;
    const { viewer, caching, floor } = context;
    if (context.isReload === true) return next();
    const typedArgs = args as Args;
    const asked = [...tags(typedArgs, viewer), ...scopeTags(scope, viewer)];
    const request = {
      type,
      key: scopedKey(scope, viewer, key(typedArgs, viewer)),
      identity: scopedIdentity(scope, viewer, args),
      tags: asked,
      ...(scope !== 'everyone' && { tenant: viewer.tenantId }),
      ...termsOf(caching.policy[type]),
      ...(remembersAbsence && { negative: absenceOf(caching.policy[type]) }),
      // Resolvers and policies only read what they are given: it may be everybody's.
      isFrozen: true,
      ...(floor && { floor }),
      ...(tagsFound && { tagsFound }),
    };
    if (context.explain) return context.explain(request);
    const trace = (outcome: Outcome): void =>
      void context.cacheTrace.push({ field: info.fieldName, path: String(info.path.key), outcome, tags: asked });
    const load = repeatable(call, next);
    if (!authorize) return (await caching.cache.read<Value>({ ...request, load, onOutcome: trace })).value;
    const { value, outcome } = await caching.cache.read<Value>({ ...request, load });
    authorize(value, viewer, typedArgs);
    // Nobody else is told what the cache did: a hit would tell a stranger that there is something they may not see.
    trace(outcome);
    return value;
  };
  const keep = UseMiddleware(middleware) as MethodDecorator;
  // Whoever explains a query must know, before running it, that this field will not run its resolver.
  const mark = Extensions({ cacheType: type }) as MethodDecorator;
  return (target, name, descriptor) => {
    mark(target, name, descriptor);
    keep(target, name, descriptor);
  };
}

/**
 * type-graphql lets `next` run once, but the cache may load again behind an answer: to refresh it, or to verify it. Later
 * runs go through the whole field again, past the cache and with loaders of their own.
 */
function repeatable<Value>(
  { root, args, context, info }: ResolverData<GraphqlContext>,
  next: () => Promise<Value>,
): () => Promise<Value> {
  let isSpent = false;
  return async () => {
    if (!isSpent) {
      isSpent = true;
      return next();
    }
    const resolve = info.parentType.getFields()[info.fieldName]?.resolve ?? defaultFieldResolver;
    const loaders = createLoaders(context.services, context.viewer);
    return resolve(root, args, { ...context, loaders, isReload: true }, info) as Promise<Value>;
  };
}
