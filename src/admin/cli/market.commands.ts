import { Command, InvalidArgumentError } from 'commander';
import { formatMoney, type Currency } from '../../kernel/index.js';
import { given } from '../given.js';
import { secretOf, type Terminal } from './terminal.js';

interface Fees {
  readonly commissionBps: number;
  readonly vatBps: number;
  readonly cancellationBps: number;
  readonly freeCancelMinutes: number;
  /** Minor units. */
  readonly payoutFee: bigint;
}

interface FeeVersion extends Fees {
  readonly version: number;
  readonly since: Date;
}

interface Market {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly currency: string;
  readonly openedAt: Date;
  readonly fees: FeeVersion | undefined;
}

interface NewMarket {
  readonly slug: string;
  readonly name: string;
  readonly currency: string;
  readonly fees: Partial<Fees>;
  readonly admin: { readonly email: string; readonly password: string; readonly displayName: string };
}

export interface MarketCommandsDeps {
  readonly terminal: Terminal;
  /** Of fees that nobody names. */
  readonly standardFees: Fees;
  /** The password of the settings; undefined: whoever runs the command is asked. */
  readonly knownPassword: () => string | undefined;
  readonly open: (
    market: NewMarket,
  ) => Promise<Market & { readonly admin: { readonly id: string; readonly email: string } }>;
  readonly changeFees: (
    slug: string,
    change: Partial<Fees>,
  ) => Promise<{
    readonly slug: string;
    readonly currency: string;
    readonly fees: FeeVersion;
    readonly isNew: boolean;
  }>;
  readonly all: () => Promise<readonly Market[]>;
}

type FeeOptions = { readonly [Name in keyof Fees]?: Fees[Name] };
interface JsonOption {
  readonly json?: boolean;
}

/** `runam market …` */
export function marketCommands(deps: MarketCommandsDeps): Command {
  const market = new Command('market').description('Open markets, look at them, change what RunAm takes in them.');
  addOpen(market, deps);
  addFees(market, deps);
  addList(market, deps);
  return market;
}

interface OpenOptions extends FeeOptions, JsonOption {
  readonly slug: string;
  readonly name: string;
  readonly currency: string;
  readonly admin: string;
  readonly adminName: string;
}

function addOpen(market: Command, { terminal, standardFees, knownPassword, open }: MarketCommandsDeps): void {
  const command = market
    .command('open')
    .description(
      "Opens a market: its fees and its first admin, all or nothing. The admin's password is RUNAM_ADMIN_PASSWORD, or is asked for, or is the first line of the standard input.",
    )
    .requiredOption(
      '--slug <slug>',
      'its name in requests and addresses: 2 to 40 of a-z, 0-9 and hyphen, never changed',
    )
    .requiredOption('--name <name>', 'its name for people')
    .requiredOption('--currency <code>', 'what is paid in, such as NGN')
    .requiredOption('--admin <email>', 'the address its first admin signs in with')
    .option('--admin-name <name>', 'what the first admin is called', 'Admin');
  addFeeOptions(command, (name) => ` (unless named: ${standardFees[name]})`)
    .option('--json', 'one line of JSON')
    .action(async ({ slug, name, currency, admin, adminName, json, ...fees }: OpenOptions) => {
      const password = knownPassword() ?? (await secretOf(terminal, `Password of ${admin}`));
      const account = { email: admin, displayName: adminName, password };
      const opened = await open({ slug, name, currency, fees: given(fees), admin: account });
      const lines = [
        `The market ${opened.slug} is open; ${opened.admin.email} is its admin.`,
        ...(opened.fees ? [feesInWords(opened.fees, opened.currency)] : []),
      ];
      say(terminal, json, { market: opened }, lines);
    });
}

function addFees(market: Command, { terminal, changeFees }: MarketCommandsDeps): void {
  const command = market
    .command('fees')
    .description(
      'A new version of the fees: for offers accepted and payouts asked for from now on. What is not named stays as it is; escrows keep theirs.',
    )
    .requiredOption('--slug <slug>', 'which market');
  addFeeOptions(command, () => '')
    .option('--json', 'one line of JSON')
    .action(async ({ slug, json, ...fees }: FeeOptions & JsonOption & { readonly slug: string }) => {
      const changed = await changeFees(slug, given(fees));
      const news = changed.isNew ? 'has new fees' : 'had these fees already; nothing was changed';
      const lines = [`The market ${changed.slug} ${news}.`, feesInWords(changed.fees, changed.currency)];
      say(terminal, json, changed, lines);
    });
}

function addList(market: Command, { terminal, all }: MarketCommandsDeps): void {
  market
    .command('list')
    .description('Every market with the fees that hold now.')
    .option('--json', 'one line of JSON')
    .action(async ({ json }: JsonOption) => {
      const markets = await all();
      const lines = markets.flatMap(({ slug, name, currency, openedAt, fees }) => [
        `${slug}  ${name}, ${currency}, opened ${openedAt.toISOString()}`,
        `  ${fees ? feesInWords(fees, currency) : 'no fees: no offer can be accepted'}`,
      ]);
      say(
        terminal,
        json,
        { markets },
        lines.length > 0 ? lines : ['There is no market yet: open one with "runam market open".'],
      );
    });
}

function addFeeOptions(command: Command, standardOf: (name: keyof Fees) => string): Command {
  return command
    .option(
      '--commission-bps <n>',
      `of the service part, in hundredths of a percent${standardOf('commissionBps')}`,
      whole,
    )
    .option('--vat-bps <n>', `of the commission, in hundredths of a percent${standardOf('vatBps')}`, whole)
    .option(
      '--cancellation-bps <n>',
      `of an errand called off late, in hundredths of a percent${standardOf('cancellationBps')}`,
      whole,
    )
    .option(
      '--free-cancel-minutes <n>',
      `how long after funding calling off costs nothing${standardOf('freeCancelMinutes')}`,
      whole,
    )
    .option('--payout-fee <n>', `for each payout, in minor units such as kobo${standardOf('payoutFee')}`, minorUnits);
}

function whole(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It takes a whole number.');
}

function minorUnits(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('It takes a whole number of minor units.');
}

function feesInWords({ version, since, ...fees }: FeeVersion, currency: string): string {
  const { commissionBps, vatBps, cancellationBps, freeCancelMinutes, payoutFee } = fees;
  // The database holds the currencies that RunAm trades in.
  const perPayout = formatMoney({ minor: payoutFee, currency: currency as Currency });
  return `fees, version ${version} since ${since.toISOString()}: commission ${percent(commissionBps)}, VAT on it ${percent(vatBps)}, cancellation ${percent(cancellationBps)} after ${freeCancelMinutes} minutes, ${perPayout} for a payout`;
}

function percent(bps: number): string {
  return `${bps / 100} %`;
}

/** Amounts of JSON as text: they may be more than a number of JSON can say. */
function say({ stdout }: Terminal, json: boolean | undefined, report: object, lines: readonly string[]): void {
  const asText = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
  const told = json === true ? [JSON.stringify({ ok: true, ...report }, asText)] : lines;
  for (const line of told) stdout.write(`${line}\n`);
}
