import type { RedisOptions } from 'ioredis';
import type { ControlKeys } from './redis-keys.js';
import { ownerConnector } from './redis-owner.js';
import type { RedisAddress } from './redis-url.js';

interface ConnectionSettings {
  readonly keys: ControlKeys;
  readonly commandTimeoutMs: number;
  readonly reconnectMsMax: number;
}

/** Replies in their plain form, which the client knows by this option's absence. */
type Options = Omit<RedisOptions, 'replyMapping'>;

/** No queueing and no resending: a command that did not arrive is a failure at once, and replay is the owner's business. */
export function connectionOptions(
  address: RedisAddress,
  { keys, commandTimeoutMs, reconnectMsMax }: ConnectionSettings,
): Options {
  const retryStrategy = (attempt: number): number => Math.min(25 * 2 ** attempt, reconnectMsMax);
  return {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2 * commandTimeoutMs,
    keepAlive: 10_000,
    retryStrategy,
    reconnectOnError: isElsewhere(reconnectMsMax),
    db: address.db,
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(address.hasTls ? { tls: {} } : {}),
    ...whereTo(address, keys, commandTimeoutMs, retryStrategy),
  };
}

function whereTo(
  address: RedisAddress,
  keys: ControlKeys,
  commandTimeoutMs: number,
  retryStrategy: (attempt: number) => number,
): Options {
  if (address.kind === 'cluster')
    return { Connector: ownerConnector({ address, key: keys.generation, timeoutMs: commandTimeoutMs }) };
  if (address.kind === 'single') return { ...address.nodes[0] };
  return {
    sentinels: address.nodes.map((node) => ({ ...node })),
    name: address.primary ?? '',
    sentinelRetryStrategy: retryStrategy,
    // A sentinel that hangs is passed over for the next.
    sentinelCommandTimeout: commandTimeoutMs,
    // Tells of a new primary also when the old one still answers.
    failoverDetector: true,
    ...(address.sentinelPassword === undefined ? {} : { sentinelPassword: address.sentinelPassword }),
    ...(address.hasTls ? { sentinelTLS: {}, enableTLSForSentinelMode: true } : {}),
  };
}

/**
 * A primary that became a replica says READONLY, or on a cluster MOVED, and one cut off from the others CLUSTERDOWN: a new
 * connection finds the present owner. Not more often than `pauseMs`, as it may take a while until there is one.
 */
function isElsewhere(pauseMs: number): (error: Error) => boolean {
  let notBeforeMs = 0;
  return ({ message }) => {
    if (!/^(?:READONLY|MOVED|CLUSTERDOWN)\b/.test(message) || performance.now() < notBeforeMs) return false;
    notBeforeMs = performance.now() + pauseMs;
    return true;
  };
}
