import { pino } from 'pino';
import type { Logger } from '../kernel/index.js';
import { readableLines } from './readable-lines.js';

export interface LoggerOptions {
  /** The least important level that is written; `silent` writes nothing. */
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** One readable line each instead of JSON. Default false. */
  readonly isPretty?: boolean;
  /** Where the lines go. Default: stdout. */
  readonly output?: NodeJS.WritableStream;
}

/** Fields that must never be written, at the top or one step down. */
const secretFields = [
  'password',
  'authorization',
  'cookie',
  'accessToken',
  'refreshToken',
  'jwtSecret',
  'apiKey',
  'databaseUrl',
  'redisUrl',
];

/** One JSON object per line (pino's shape: level, time, msg, fields; errors as `err` with their stack), or readable lines for people. */
export function createLogger({ level, isPretty = false, output = process.stdout }: LoggerOptions): Logger {
  const redact = { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[not shown]' };
  const write = isPretty ? readableLines(output) : output;
  return pino({ level, redact, base: null, timestamp: pino.stdTimeFunctions.isoTime }, write);
}
