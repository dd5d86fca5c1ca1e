import { Command, InvalidArgumentError, Option } from 'commander';
import { scopeInWords } from '../checks.js';
import { given } from '../given.js';
import type { ClearInput } from '../types.js';
import type { CacheDoor } from './door.js';
import { CliFault } from './fault.js';
import { showAdvice, showClear, showExplain, showHealth, showKeys, showStats, showWarm } from './show.js';
import { confirm, type Terminal } from './terminal.js';

export interface Target {
  readonly url: string | undefined;
  readonly token: string | undefined;
}

export interface CacheCommandsDeps {
  readonly terminal: Terminal;
  /** The way to the caches. @throws CliFault saying what to name */
  readonly open: (target: Target) => Promise<CacheDoor>;
  /** Called with the code to end with, when it is not 0. */
  readonly exitWith: (code: number) => void;
}

interface Shared extends Partial<Target> {
  readonly cacheAlias?: string;
  readonly tenant?: string;
  readonly type?: readonly string[];
  readonly tag?: readonly string[];
  readonly pattern?: string;
  readonly limit?: number;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly variables?: Record<string, unknown>;
  readonly operationName?: string;
  readonly asUser?: string;
}

/** `runam cache …` */
export function cacheCommands(deps: CacheCommandsDeps): Command {
  const cache = new Command('cache').description('Look at the caches, clear and warm them.');
  addLooking(cache, deps);
  addClearing(cache, deps);
  addUnderstanding(cache, deps);
  for (const command of cache.commands) addTarget(command);
  return cache;
}

function addLooking(cache: Command, deps: CacheCommandsDeps): void {
  const run = runner(deps);
  cache
    .command('stats')
    .description('Reads, hits and errors of a server; without --url what stands in Redis.')
    .addOption(aliasOption())
    .action(run({ work: (door, { cacheAlias }) => door.stats(given({ alias: cacheAlias })), show: showStats }));
  cache
    .command('health')
    .description('Whether each store answers; ends with 1 when one does not.')
    .addOption(aliasOption())
    .action(
      run({
        work: (door, { cacheAlias }) => door.health(given({ alias: cacheAlias })),
        show: showHealth,
        isWell: ({ ok }) => ok,
      }),
    );
  cache
    .command('keys')
    .description('What is stored, by a glob.')
    .addOption(aliasOption())
    .option('--pattern <glob>', 'which keys', '*')
    .option('--tenant <slug or id>', 'one market')
    .option('--limit <n>', 'how many, 1 to 1000', wholeNumber, 100)
    .action(
      run({
        work: (door, { cacheAlias, pattern, tenant, limit }) =>
          door.keys(given({ alias: cacheAlias, pattern, tenant, limit })),
        show: showKeys,
      }),
    );
}

function addClearing(cache: Command, deps: CacheCommandsDeps): void {
  const run = runner(deps);
  const show = showClear;
  cache
    .command('clear')
    .description('Makes entries invalid; what is named together is cut.')
    .addOption(aliasOption())
    .option('--pattern <glob>', 'keys; goes with alias and tenant only')
    .option('--tenant <slug or id>', 'one market')
    .option('--type <type>', 'one cached type, such as ERRAND_LIST', alone)
    .option('--tag <tag...>', 'entries with any of these tags')
    .option('--force', 'do not ask')
    .action(
      run({
        work: (door, options) => door.clear(scopeOf(options)),
        show,
        asks: (options) => `Clear ${scopeInWords(scopeOf(options))}?`,
      }),
    );
  cache
    .command('clear-all')
    .alias('clear_all')
    .description('Makes every entry invalid.')
    .option('--force', 'do not ask')
    .action(run({ work: (door) => door.clearAll(), show, asks: () => 'Clear everything?' }));
  for (const alias of ['reports', 'transactions'])
    cache
      .command(`clear-${alias}`)
      .alias(`clear_${alias}`)
      .description(`Makes every entry of the alias ${alias} invalid.`)
      .option('--force', 'do not ask')
      .action(run({ work: (door) => door.clear({ alias }), show, asks: () => `Clear the alias ${alias}?` }));
}

function addUnderstanding(cache: Command, deps: CacheCommandsDeps): void {
  const run = runner(deps);
  cache
    .command('warm')
    .description('Loads what visitors ask first.')
    .option('--type <type...>', 'these cached types only')
    .option('--tenant <slug or id>', 'one market')
    .action(
      run({
        work: (door, { type, tenant, json }) =>
          door.warm(given({ types: type, tenant }), json === true ? silently : progressOn(deps.terminal.stderr)),
        show: showWarm,
        isWell: ({ failed }) => failed === 0,
      }),
    );
  cache
    .command('explain <query>')
    .description('Would this GraphQL query hit now, and if not, why. Nothing of it runs.')
    .option('--variables <json>', 'a JSON object', jsonObject)
    .option('--operation-name <name>', 'of several in the document')
    .option('--as-user <id>', 'ask as this user')
    .option('--tenant <slug or id>', 'ask as a visitor of this market')
    .action((query: string, options: Shared) =>
      run({
        work: (door, { variables, operationName, asUser, tenant }) =>
          door.explain({ query, ...given({ variables, operationName, asUser, tenant }) }),
        show: showExplain,
      })(options),
    );
  cache
    .command('advise')
    .description('Which times to live suit each type, from the reads a server has seen.')
    .option('--type <type...>', 'these cached types only')
    .action(run({ work: (door, { type }) => door.advise(given({ types: type })), show: showAdvice }));
}

function silently(): void {}

function progressOn(stream: NodeJS.WritableStream): (done: number, total: number) => void {
  return (done, total) => void stream.write(`\r${done} of ${total}${done === total ? '\n' : ''}`);
}

interface Job<Report> {
  readonly work: (door: CacheDoor, options: Shared) => Promise<Report>;
  readonly show: (report: Report) => readonly string[];
  /** Default: always. */
  readonly isWell?: (report: Report) => boolean;
  /** What would be done, for a job that destroys something. */
  readonly asks?: (options: Shared) => string;
}

type Run = <Report>(job: Job<Report>) => (options: Shared) => Promise<void>;

/** Asks, opens the way, does it, shows it, and closes the way. */
function runner({ terminal, open, exitWith }: CacheCommandsDeps): Run {
  return ({ work, show, isWell = () => true, asks }) =>
    async (options) => {
      const question = asks?.(options);
      if (question !== undefined && options.force !== true) await confirm(terminal, question);
      const door = await open({ url: options.url, token: options.token });
      try {
        const report = await work(door, options);
        const lines = options.json === true ? [JSON.stringify(report)] : show(report);
        for (const line of lines) terminal.stdout.write(`${line}\n`);
        if (!isWell(report)) exitWith(1);
      } finally {
        await door.close();
      }
    };
}

function addTarget(command: Command): void {
  command
    .option('--url <url>', 'through this running server, not beside it on its Redis and database')
    .addOption(new Option('--token <token>', 'an access token of an admin, with --url').env('RUNAM_TOKEN'))
    .option('--json', 'one line of JSON');
}

function aliasOption(): Option {
  return new Option('--cache-alias <name>', 'one alias; all of them without');
}

/** @throws CliFault when it names nothing */
function scopeOf({ cacheAlias, pattern, tenant, type, tag }: Shared): ClearInput {
  const scope = given({ alias: cacheAlias, pattern, tenant, type: type?.[0], tags: tag });
  if (Object.keys(scope).length > 0) return scope;
  throw new CliFault('usage', 'Name what to clear: --cache-alias, --tenant, --type, --tag or --pattern; or clear-all.');
}

/** Other commands take several. */
function alone(type: string): readonly string[] {
  return [type];
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a whole number.');
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below, like every other text that is no object.
  }
  throw new InvalidArgumentError('It takes a JSON object such as {"id": "…"}.');
}
