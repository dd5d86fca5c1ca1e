/** Where a Redis is, as its URL says. */
export interface RedisAddress {
  readonly kind: 'single' | 'cluster' | 'sentinel';
  readonly hasTls: boolean;
  /** The server; or some nodes of the cluster; or the sentinels. */
  readonly nodes: readonly RedisNode[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Always 0 on a cluster. */
  readonly db: number;
  /** What the sentinels call the primary. */
  readonly primary: string | undefined;
  readonly sentinelPassword: string | undefined;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** A URL that names no Redis. The message never holds the password. */
export class RedisUrlInvalid extends Error {
  override readonly name = 'RedisUrlInvalid';

  constructor(fault: string) {
    super(`${fault}; accepted are ${redisUrlForms}`);
  }
}

export const redisUrlForms =
  'redis://[user:password@]host[:6379][/db], redis-cluster://[user:password@]host:port[,host:port…] and ' +
  'redis-sentinel://[user:password@]host[:26379][,host:port…]/primary-name[/db][?sentinelPassword=…], each with rediss for TLS';

const form = /^(rediss?)(?:-(cluster|sentinel))?:\/\/(?:([^@/?]*)@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?$/;

/** @throws RedisUrlInvalid */
export function parseRedisUrl(url: string): RedisAddress {
  const [, scheme, kind = 'single', login, hosts = '', path = '', query = ''] = form.exec(url) ?? [];
  if (scheme === undefined) throw new RedisUrlInvalid('this is no URL of a Redis');
  const [username, password] = parseLogin(login);
  const parameters = new URLSearchParams(query);
  const sentinelPassword = kind === 'sentinel' ? (parameters.get('sentinelPassword') ?? undefined) : undefined;
  const unknown = [...parameters.keys()].find((name) => kind !== 'sentinel' || name !== 'sentinelPassword');
  if (unknown !== undefined) throw new RedisUrlInvalid(`the parameter "${unknown}" is not known`);
  return {
    kind: kind as RedisAddress['kind'],
    hasTls: scheme === 'rediss',
    nodes: hosts.split(',').map((host) => parseNode(host, kind === 'sentinel' ? 26_379 : 6379, kind === 'single')),
    username,
    password,
    sentinelPassword,
    ...parsePath(kind as RedisAddress['kind'], path.split('/').slice(1).map(decode)),
  };
}

function parseLogin(
  login: string | undefined,
): readonly [username?: string | undefined, password?: string | undefined] {
  if (login === undefined || login === '') return [];
  const colon = login.indexOf(':');
  if (colon < 0) return [decode(login)];
  return [decode(login.slice(0, colon)) || undefined, decode(login.slice(colon + 1)) || undefined];
}

function parseNode(text: string, standardPort: number, mayBeEmpty: boolean): RedisNode {
  if (text === '' && mayBeEmpty) return { host: '127.0.0.1', port: standardPort };
  const [, bracketed, plain, port] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = port === undefined ? standardPort : Number(port);
  if (host === undefined || number < 1 || number > 65_535) throw new RedisUrlInvalid(`"${text}" is no host and port`);
  return { host, port: number };
}

function parsePath(kind: RedisAddress['kind'], parts: readonly string[]): Pick<RedisAddress, 'db' | 'primary'> {
  const [first = '', second = '', third] = parts;
  if (kind === 'cluster') {
    if (first !== '' && first !== '0') throw new RedisUrlInvalid('a cluster has database 0 only');
    return { db: 0, primary: undefined };
  }
  if (kind === 'single') return { db: parseDb(first, second === '' && third === undefined), primary: undefined };
  if (first === '') throw new RedisUrlInvalid('the name of the primary is missing');
  return { db: parseDb(second, third === undefined), primary: first };
}

function parseDb(text: string, isLast: boolean): number {
  if (!isLast || !/^\d{0,4}$/.test(text)) throw new RedisUrlInvalid('the database is no number');
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw Object.assign(new RedisUrlInvalid('a % is not followed by two hex digits'), { cause: error });
  }
}
