import { z } from 'zod';
import { currencies, isCurrency, type Currency } from '../kernel/index.js';
import type { Consistency } from './config.js';

/** How the text of a variable becomes a value. */
export interface Kind<Value> {
  readonly schema: z.ZodType<Value, string>;
  /** Completes "takes …": what is accepted, with its unit and limits. */
  readonly takes: string;
  /** The value is never shown, also not in a fault. Default false. */
  readonly isSecret?: boolean;
}

export interface WholeLimits {
  readonly unit?: string;
  readonly min: number;
  readonly max: number;
  /** What the smallest value stands for. */
  readonly minMeans?: string;
}

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  on: true,
  false: false,
  0: false,
  no: false,
  off: false,
};

export function whole({ unit, min, max, minMeans }: WholeLimits): Kind<number> {
  return {
    schema: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number)
      .pipe(z.number().min(min).max(max)),
    takes: `whole ${unit ?? 'numbers'} from ${min}${minMeans === undefined ? '' : ` (${minMeans})`} to ${max}`,
  };
}

/** @param example of a value that is not whole, for those who read what is taken */
export function decimal({
  unit,
  min,
  max,
  minMeans,
  example = 0.5,
}: WholeLimits & { readonly example?: number }): Kind<number> {
  return {
    schema: z
      .string()
      .regex(/^\d{1,9}(\.\d{1,9})?$/)
      .transform(Number)
      .pipe(z.number().min(min).max(max)),
    takes: `${unit ?? 'numbers'} from ${min}${minMeans === undefined ? '' : ` (${minMeans})`} to ${max}, such as ${example}`,
  };
}

export const flag: Kind<boolean> = {
  schema: z
    .string()
    .toLowerCase()
    .refine((text) => Object.hasOwn(flags, text))
    .transform((text) => flags[text] === true),
  takes: 'true, false, 1, 0, yes, no, on or off',
};

export function oneOf<const Value extends string>(values: readonly [Value, ...Value[]]): Kind<Value> {
  return { schema: z.string().toLowerCase().pipe(z.enum(values)), takes: `one of ${values.join(', ')}` };
}

const boundMsMax = 86_400_000;

/** A guarantee; `bounded:<ms>` names its bound. */
export const consistency: Kind<Consistency> = {
  schema: z
    .string()
    .toLowerCase()
    .regex(/^(strict|acked|ttl|bounded:\d{1,8})$/)
    .transform((text): Consistency => {
      const [name, boundMs] = text.split(':');
      return name === 'bounded'
        ? { consistency: name, boundMs: Number(boundMs) }
        : { consistency: name as 'strict' | 'acked' | 'ttl' };
    })
    .refine(({ boundMs }) => boundMs === undefined || (boundMs >= 1 && boundMs <= boundMsMax)),
  takes: `one of strict, acked, bounded:<ms>, ttl, with whole milliseconds from 1 to ${boundMsMax}`,
};

export function text({
  pattern,
  takes,
  isSecret = false,
}: {
  readonly pattern: RegExp;
  readonly takes: string;
  readonly isSecret?: boolean;
}): Kind<string> {
  return { schema: z.string().regex(pattern), takes, isSecret };
}

/** URLs carry passwords, so they are secret. */
export function url(protocols: readonly string[], form: string): Kind<string> {
  const isAccepted = (value: string) => URL.canParse(value) && protocols.includes(new URL(value).protocol);
  return { schema: z.string().refine(isAccepted), takes: form, isSecret: true };
}

const redisNode = String.raw`(?:\[[\da-fA-F:.]+\]|[\w.-]+)(?::\d{1,5})?`;
const redisLogin = '(?:[^@/?#]*@)?';
const redisForms = [
  `rediss?://${redisLogin}(?:${redisNode})?(?:/\\d{0,4})?`,
  `rediss?-cluster://${redisLogin}${redisNode}(?:,${redisNode})*(?:/0?)?`,
  `rediss?-sentinel://${redisLogin}${redisNode}(?:,${redisNode})*/[^/?#]+(?:/\\d{0,4})?(?:\\?sentinelPassword=[^&#]*)?`,
];

/** One server, a cluster or sentinels. They carry passwords, so they are secret. */
export const redisUrl: Kind<string> = {
  schema: z.string().regex(new RegExp(`^(?:${redisForms.join('|')})$`)),
  takes:
    'redis://[user:password@]host[:6379][/db], redis-cluster://[user:password@]host:port[,host:port…] or redis-sentinel://[user:password@]host:port[,host:port…]/primary-name[/db][?sentinelPassword=…], with rediss for TLS',
  isSecret: true,
};

/** Origins separated by commas: scheme, host and port, nothing behind. */
export const origins: Kind<readonly string[]> = {
  schema: z
    .string()
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.string().refine((origin) => URL.canParse(origin) && new URL(origin).origin === origin))),
  takes: 'origins such as https://app.example.com, separated by commas',
};

/** `name=value` pairs separated by commas, the values percent-encoded. They carry credentials, so they are secret. */
export const pairs: Kind<Readonly<Record<string, string>>> = {
  schema: z
    .string()
    .regex(/^\s*[\w.-]+=(?:[^,%]|%[0-9A-Fa-f]{2})*(?:,\s*[\w.-]+=(?:[^,%]|%[0-9A-Fa-f]{2})*)*$/)
    .refine(isDecodable)
    .transform((value) =>
      Object.fromEntries(
        value.split(',').map((pair) => {
          const at = pair.indexOf('=');
          return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())];
        }),
      ),
    ),
  takes: 'pairs such as name=value,name2=value2, with special characters percent-encoded',
  isSecret: true,
};

function isDecodable(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    // What the percents spell is no UTF-8.
    return false;
  }
}

const amountPattern = /^([A-Z]{3})=(\d{1,18})$/;

/** Minor units of some currencies, each named once. */
export const amounts: Kind<ReadonlyMap<Currency, bigint>> = {
  schema: z
    .string()
    .transform((value) => value.split(',').map((part) => amountPattern.exec(part.trim())))
    .refine((parts) => parts.every((part) => part !== null && isCurrency(part[1]!)) && areDistinct(parts))
    .transform((parts) => new Map(parts.map((part) => [part![1] as Currency, BigInt(part![2]!)]))),
  takes: `minor units by currency such as NGN=5000000,KES=1000000; the currencies are ${currencies.join(', ')}`,
};

const keyPattern = /^([\w-]{1,40}):([A-Za-z0-9+/_-]{43}=?)$/;

/** Keys of 32 bytes, each with a name of its own, the newest first. */
export const keyList: Kind<readonly { readonly id: string; readonly key: Buffer }[]> = {
  schema: z
    .string()
    .transform((value) => value.split(',').map((part) => keyPattern.exec(part.trim())))
    .refine((parts) => parts.every((part) => part !== null) && areDistinct(parts))
    .transform((parts) => parts.map((part) => ({ id: part![1]!, key: Buffer.from(part![2]!, 'base64') })))
    .refine((keys) => keys.every(({ key }) => key.length === 32)),
  takes: 'keys of 32 bytes such as 2026:<base64>, separated by commas, the newest first',
  isSecret: true,
};

function areDistinct(parts: readonly (RegExpExecArray | null)[]): boolean {
  return new Set(parts.map((part) => part?.[1])).size === parts.length;
}
