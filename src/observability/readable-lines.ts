import type { pino } from 'pino';

const levelNames: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
const colours: Readonly<Record<string, string>> = {
  warn: '\u001B[33m',
  error: '\u001B[31m',
  fatal: '\u001B[31m',
  debug: '\u001B[2m',
  trace: '\u001B[2m',
};
/** Of one field; the JSON lines have all of it. */
const shownCharactersMax = 160;
const plain = '\u001B[0m';

/**
 * Takes pino's JSON lines and writes one line for people each: time of day, level, message, then the fields as
 * `name=value`; the stack of an error follows on lines of its own. In colour on a terminal, unless NO_COLOR asks not to.
 */
export function readableLines(output: NodeJS.WritableStream): pino.DestinationStream {
  const inColour = 'hasColors' in output && typeof output.hasColors === 'function' && output.hasColors() === true;
  return {
    write(line: string) {
      output.write(`${readableLine(line, inColour)}\n`);
    },
  };
}

function readableLine(line: string, inColour: boolean): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const name = levelNames[Number(level)] ?? String(level);
  const head = `${String(time).slice(11, 19)} ${name.padEnd(5)} ${String(msg ?? '')}`;
  const tail = Object.entries(fields).map(([field, value]) => ` ${field}=${shown(value)}`);
  const whole = `${head}${tail.join('')}${stackOf(err)}`;
  const colour = inColour ? colours[name] : undefined;
  return colour === undefined ? whole : `${colour}${whole}${plain}`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : String(JSON.stringify(value));
  return text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
}

function stackOf(err: unknown): string {
  if (typeof err !== 'object' || err === null) return '';
  const { stack, message } = err as { readonly stack?: unknown; readonly message?: unknown };
  return `\n  ${String(stack ?? message).replaceAll('\n', '\n  ')}`;
}
