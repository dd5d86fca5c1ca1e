import type { Moment } from '../direct.js';
import type { ReadRequest } from '../types.js';

import { createCached } from './cached.js';
import type { CachedDeps } from './cached.js';
import type { CacheHandle, ModelTags } from './cache-handle.js';
import { checkEntryOptions, checkFunction, checkKey, checkName, checkTags } from './entry-options.js';
import type { EntryOptions } from './entry-options.js';
import { InvalidCacheOption } from './faults.js';
import { questionOf } from './keys.js';
import { scopes, tenantPrefix } from './scopes.js';
import { warm } from './warm.js';

export interface HandleDeps<Models extends ModelTags> extends Omit<CachedDeps, 'ask' | 'renew' | 'spoilKey'> {
  readonly models: Models;
}

/** An entry without a limit of its own is as old as its own ttl lets it be. */
const anyAgeMs = 100 * 31_536_000_000;

export function createHandle<Models extends ModelTags>(deps: HandleDeps<Models>): CacheHandle<Models> {
  const { set, member, tenantId, models } = deps;
  const { name: alias, engine } = member;
  const where = tenantId === undefined ? { alias } : { alias, tenant: tenantId };
  const own = tenantId === undefined ? '' : tenantPrefix(tenantId);
  const requestOf = <V>(key: string, options: EntryOptions<V>, load: () => Promise<V>, identity?: string) =>
    requestFor(deps, own, key, options, load, identity);
  const spoil = (tags: readonly string[]): Promise<void> => set.bump(tags.map((tag) => own + tag));

  const handle: CacheHandle<Models> = {
    aliasName: alias,
    tenantId,
    async get<V>(key: string, options: EntryOptions<V> = {}) {
      checkEntryOptions(options);
      const never = async (): Promise<V | undefined> => undefined;
      const request = requestOf<V | undefined>(
        key,
        { ...options, ttlMs: anyAgeMs } as EntryOptions<V | undefined>,
        never,
      );
      return (await set.read({ ...request, isPeek: true })).value;
    },
    getOrSet: (key, load, options = {}) => ask(key, load, options),
    now: engine.moment,
    async set(key, value, { since, ...options }) {
      checkEntryOptions(options);
      checkMoment(since);
      return set.put(
        requestOf(key, options, async () => value),
        since,
        value,
      );
    },
    refresh: (key, load, options = {}) => renew(key, load, options),
    async delete(key) {
      checkKey(key);
      // The bump is what counts: it also reaches copies in other processes, and loads under way.
      await engine.bump([scopes.key(alias, own + key)]);
      await engine.unlink(alias, [own + key]).catch(leftToItsTtl);
    },
    async invalidate(...tags) {
      checkTags('tags', tags);
      await spoil(tags);
    },
    async invalidateModel(model, ...rows) {
      await spoil(tagsOfModel(models, model, rows));
    },
    clear: () => set.control.clear(where),
    clearPattern: (pattern) => set.control.clearPattern(pattern, where),
    keys: (pattern, limit = 100) => set.control.keys(pattern, { ...where, limit }),
    warmUp: (entries, options = {}) => warm(handle, entries, options),
    cached: (load, options) => createCached(internal, load, options),
    async fragment(name, vary, render, options = {}) {
      checkName('name', name);
      const template = alias === 'default' ? set.aliases.get('template') : undefined;
      if (template) return createHandle({ ...deps, member: template }).fragment(name, vary, render, options);
      if (vary.tenant !== undefined && vary.tenant !== tenantId)
        return handle.tenant(vary.tenant).fragment(name, vary, render, options);
      const { key, identity } = questionOf(`fragment:${name}`, [vary]);
      return ask(key, async () => textOf(await render()), { type: `fragment:${name}`, ...options }, identity);
    },
    tenant(id) {
      checkName('tenant', id);
      if (tenantId !== undefined && id !== tenantId)
        throw new InvalidCacheOption('tenant', id, `"${tenantId}": this handle is that tenant's`);
      return createHandle({ ...deps, tenantId: id });
    },
  };

  async function ask<V>(key: string, load: () => Promise<V> | V, options: EntryOptions<V>, identity?: string) {
    checkEntryOptions(options);
    checkFunction('load', load, 'a function that gives the value');
    return (await set.read(requestOf(key, options, async () => load(), identity))).value;
  }

  async function renew<V>(key: string, load: () => Promise<V> | V, options: EntryOptions<V>, identity?: string) {
    checkEntryOptions(options);
    checkFunction('load', load, 'a function that gives the value');
    const request = requestOf(key, options, async () => load(), identity);
    const since = await engine.moment();
    const value = await load();
    await set.put(request, since, value);
    return value;
  }

  const internal: CachedDeps = { ...deps, ask, renew, spoilKey: handle.delete };
  internals.set(handle, internal);
  return handle;
}

const internals = new WeakMap<object, CachedDeps>();

/** What decorators do with a handle that its own methods do not offer. @throws InvalidCacheOption when it is none */
export function internalsOf(handle: unknown): CachedDeps {
  const found = typeof handle === 'object' && handle !== null ? internals.get(handle) : undefined;
  if (!found) throw new InvalidCacheOption('cache', handle, 'a handle from createCaches, or a function that gives one');
  return found;
}

/** It cannot be shown any more, so taking it out only saves memory; the loss of the store was announced where it happened. */
function leftToItsTtl(): void {}

function requestFor<V>(
  { member, tenantId }: Pick<HandleDeps<ModelTags>, 'member' | 'tenantId'>,
  own: string,
  key: string,
  options: EntryOptions<V>,
  load: () => Promise<V>,
  identity: string | undefined,
): ReadRequest<V> {
  checkKey(key);
  const { ttlMs = member.ttlMs, tags = [], tagsFound, sharedTags = [], tier = 'acked', type = member.name } = options;
  const { compressAboveBytes } = options;
  return {
    type,
    key: own + key,
    alias: member.name,
    scopes: [scopes.key(member.name, own + key)],
    tags: [...tags.map((tag) => own + tag), ...sharedTags],
    tier,
    ttlMs,
    load,
    ...(tenantId === undefined ? {} : { tenant: tenantId }),
    ...(identity === undefined ? {} : { identity }),
    ...(tagsFound && { tagsFound: (value: V) => tagsFound(value).map((tag) => own + tag) }),
    ...(compressAboveBytes === undefined ? {} : { compressAboveBytes }),
  };
}

function tagsOfModel<Models extends ModelTags>(
  models: Models,
  model: string,
  rows: readonly unknown[],
): readonly string[] {
  const tagsOf = Object.hasOwn(models, model) ? (models[model] as (row: unknown) => readonly string[]) : undefined;
  if (!tagsOf)
    throw new InvalidCacheOption(
      'model',
      model,
      `one of those in "models": ${Object.keys(models).join(', ') || 'none is'}`,
    );
  return rows.flatMap((row) => tagsOf(row));
}

/** The order "compute, then ask for the time" cannot be seen, so at least the time must have been asked for. */
function checkMoment(since: unknown): asserts since is Moment {
  const isMoment = typeof since === 'object' && since !== null && 'seq' in since && 'atMs' in since;
  if (!isMoment)
    throw new InvalidCacheOption('since', since, 'what `await cache.now()` gave before the value was computed');
}

function textOf(rendered: unknown): string {
  if (typeof rendered !== 'string') throw new InvalidCacheOption('render', rendered, 'a function that gives a text');
  return rendered;
}
