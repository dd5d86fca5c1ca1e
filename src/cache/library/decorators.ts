import { CacheUnavailable } from '../store.js';
import type { CacheHandle } from './cache-handle.js';
import { checkCachedOptions, claimName, entryOptionsOf, givenQuestion } from './cached.js';
import type { CachedOptions } from './cached-function.js';
import { InvalidCacheKey, InvalidCacheOption } from './faults.js';
import { internalsOf } from './handle.js';
import { questionOf } from './keys.js';
import type { Question } from './keys.js';

/** Where a decorated method finds its cache; a function is asked at each call, with the instance. */
export type CacheSource<Self = never> = CacheHandle | ((self: Self) => CacheHandle);

/** For a method that returns a promise, as a decorator of the standard (TC39) or of TypeScript's `experimentalDecorators`. */
export interface PromiseMethodDecorator {
  <Self, Args extends unknown[], V>(
    method: (this: Self, ...args: Args) => Promise<V>,
    context: ClassMethodDecoratorContext<Self>,
  ): (this: Self, ...args: Args) => Promise<V>;
  <M extends (...args: never[]) => Promise<unknown>>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<M>,
  ): void;
}

export interface CachedMethodOptions<Args extends readonly unknown[], V, Self> extends CachedOptions<Args, V> {
  /** One method a name, in all programs on the store. A class's own name is not enough: minifiers and subclasses change it. */
  readonly name: string;
  /** What tells one instance from another, beside the arguments or `key`. Default: its `id`. */
  readonly self?: (self: Self) => unknown;
}

/**
 * Answers a method from the cache by its arguments alone, whatever instance it is called on.
 * @throws InvalidCacheOption
 */
export function Cached<Args extends unknown[] = never, V = never, Self = never>(
  cache: CacheSource<Self>,
  options: CachedOptions<Args, V> & { readonly name: string },
): PromiseMethodDecorator {
  return answering(cache as CacheSource, options as AnyOptions, () => []);
}

/** The same by the arguments and the instance. @throws InvalidCacheOption, and at a call InvalidCacheKey without an identity */
export function CachedMethod<Args extends unknown[] = never, V = never, Self = never>(
  cache: CacheSource<Self>,
  options: CachedMethodOptions<Args, V, Self>,
): PromiseMethodDecorator {
  const { self: identify = idOf, ...rest } = options;
  return answering(cache as CacheSource, rest as AnyOptions, (self) => [identify(self as Self)]);
}

/** What a method that changed something tells of it; `result` is undefined when it threw. */
export interface Change {
  readonly self: unknown;
  readonly args: readonly unknown[];
  readonly result: unknown;
}

/**
 * Makes entries with these tags invalid when the method has ended and before its promise settles. It does so too when the
 * method threw, because what it did until then, or whether its commit arrived, is not known; needlessly spoilt is safe. A
 * method that succeeded never fails for the cache: what the store cannot take now is bumped before hits resume.
 */
export function InvalidatesOnChange(
  cache: CacheSource,
  ...tags: readonly (string | ((change: Change) => readonly string[]))[]
): PromiseMethodDecorator {
  return decorator(
    (method) =>
      async function (this: unknown, ...args: unknown[]) {
        const handle = handleOf(cache, this);
        let result: unknown;
        try {
          result = await method.apply(this, args);
        } catch (error) {
          // The caller is told what the method threw; a fault of a tag function on top of it is said aside.
          await spoil(handle, tags, { self: this, args, result }).catch(saidAside);
          throw error;
        }
        await spoil(handle, tags, { self: this, args, result });
        return result;
      },
  );
}

type AnyMethod = (this: unknown, ...args: unknown[]) => Promise<unknown>;
type AnyOptions = CachedOptions<unknown[], unknown> & { readonly name: string };

function answering(
  cache: CacheSource,
  options: AnyOptions,
  before: (self: unknown) => readonly unknown[],
): PromiseMethodDecorator {
  checkCachedOptions(options);
  return decorator(
    (method) =>
      async function (this: unknown, ...args: unknown[]) {
        const deps = internalsOf(handleOf(cache, this));
        claimName(deps, options.name, method);
        const question = questionAsked(options, before(this), args);
        const load = (): Promise<unknown> => method.apply(this, args);
        return deps.ask(question.key, load, entryOptionsOf(options, args), question.identity);
      },
  );
}

/** A key of the caller's says what is asked, not of whom: the instance stands beside it. */
function questionAsked({ name, key }: AnyOptions, whom: readonly unknown[], args: unknown[]): Question {
  if (!key) return questionOf(name, [...whom, ...args]);
  return whom.length > 0 ? questionOf(key(...args), whom) : givenQuestion(key(...args));
}

function decorator(wrap: (method: AnyMethod) => AnyMethod): PromiseMethodDecorator {
  const decorate = (target: unknown, context: unknown, descriptor?: PropertyDescriptor): unknown => {
    if (!descriptor) return wrap(methodOf(target, context));
    descriptor.value = wrap(methodOf(descriptor.value, context));
    return undefined;
  };
  return decorate as PromiseMethodDecorator;
}

function methodOf(value: unknown, place: unknown): AnyMethod {
  if (typeof value === 'function') return value as AnyMethod;
  throw new InvalidCacheOption('decorator', place, 'a method');
}

function handleOf(cache: CacheSource, self: unknown): CacheHandle {
  return typeof cache === 'function' ? cache(self as never) : cache;
}

function idOf(self: unknown): unknown {
  const { id } = (self ?? {}) as { readonly id?: unknown };
  if (typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint') return id;
  throw new InvalidCacheKey('this instance has no "id" to tell it from others; give "self"');
}

async function spoil(
  handle: CacheHandle,
  tags: readonly (string | ((change: Change) => readonly string[]))[],
  change: Change,
): Promise<void> {
  try {
    const named = tags.flatMap((tag) => (typeof tag === 'function' ? tag(change) : [tag]));
    await handle.invalidate(...named).catch(owed);
  } catch (error) {
    // Which tags are spoilt cannot be told, so all are.
    await handle.clear().catch(owed);
    throw error;
  }
}

function saidAside(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}

/** The cache remembers bumps that failed and makes them before its hits resume. */
function owed(error: unknown): void {
  if (!(error instanceof CacheUnavailable)) throw error;
}
