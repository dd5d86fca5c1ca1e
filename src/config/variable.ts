import type { Kind } from './kinds.js';

/** One environment variable: the one place that says how it is read, what it means and what holds when it is unset. */
export interface Variable<Value> {
  readonly group: string;
  readonly about: string;
  readonly kind: Kind<Value>;
  /** As it would be written in the environment. Undefined: unset is a value of its own, told by `unset`. */
  readonly standard?: string;
  /** What happens when it is unset, for variables without a standard. */
  readonly unset?: string;
}

export function variable<Value>(
  group: string,
  about: string,
  kind: Kind<Value>,
  standard: string,
): Variable<Value> & { readonly standard: string };
export function variable<Value>(
  group: string,
  about: string,
  kind: Kind<Value>,
  standard: undefined,
  unset: string,
): Variable<Value>;
export function variable<Value>(
  group: string,
  about: string,
  kind: Kind<Value>,
  standard?: string,
  unset?: string,
): Variable<Value> {
  return {
    group,
    about,
    kind,
    ...(standard === undefined ? {} : { standard }),
    ...(unset === undefined ? {} : { unset }),
  };
}
