import { Extensions, UseMiddleware, type MiddlewareFn } from 'type-graphql';
import { canonicalJson, type CacheType } from '../../invalidation/index.js';
import type { Viewer } from '../../kernel/index.js';
import type { GraphqlContext } from '../context.js';
import { scopedKey, scopeTags, type Scope } from './scope.js';

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
  /** Runs on every read, hit or miss, before the value is shown; throws when this viewer may not see it. */
  readonly authorize?: (value: Value, viewer: Viewer, args: Args) => void;
}

/** Answers a query field from the cache, within the guarantee of its type; loads it through the resolver on a miss. */
export function Cached<Args, Value>(policy: CachePolicy<Args, Value>): MethodDecorator {
  const { type, scope = 'viewer', key, tags, tagsFound, authorize } = policy;
  const middleware: MiddlewareFn<GraphqlContext> = async ({ args, context, info }, next) => {
    const { viewer, caching } = context;
    const typedArgs = args as Args;
    const request = {
      type,
      key: scopedKey(scope, viewer, key(typedArgs, viewer)),
      identity: canonicalJson(args),
      tags: [...tags(typedArgs, viewer), ...scopeTags(scope, viewer)],
      ...(scope !== 'everyone' && { tenant: viewer.tenantId }),
      ...caching.policy[type],
      ...(tagsFound && { tagsFound }),
    };
    if (context.explain) return context.explain(request);
    const { value, outcome } = await caching.cache.read<Value>({ ...request, load: next });
    context.cacheTrace.push({ field: info.fieldName, outcome });
    authorize?.(value, viewer, typedArgs);
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
