import { AppError, badInput, requireUser, type Currency, type Viewer } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import { currencyOf } from '../errands/index.js';
import { providerNames, type BookItem, type PaymentProvider } from '../providers/index.js';
import { seesAllPayouts } from './payout.js';
import { marketsOf, ourEntries, underWay, type BooksPlace, type Entry, type Window } from './reconciliation.ours.js';

/** What both books say of one charge, transfer, reversal or chargeback, in minor units; above zero when it came in. */
export interface Movement {
  readonly kind: string;
  readonly reference: string;
  /** Undefined: not in our books. Of what is under way: what it will be, without fees. */
  readonly ours: bigint | undefined;
  readonly theirs: bigint | undefined;
  readonly at: Date;
}

export interface Reconciliation {
  readonly provider: string;
  readonly currency: Currency;
  /** The day begins then and lasts 24 hours. */
  readonly from: Date;
  /** Nothing differs. */
  readonly ok: boolean;
  /** What the day added to the clearing account, by our books and by theirs. */
  readonly ours: bigint;
  readonly theirs: bigint;
  /** Movements of the day that are the same in both. */
  readonly matched: number;
  readonly differences: readonly Movement[];
  readonly inFlight: readonly Movement[];
}

/** Holds a provider's clearing account against the provider's own book (I12). */
export interface ReconciliationService {
  /**
   * One day of the viewer's market. A movement is matched by its reference and kind, also when the two sides booked it up to
   * three days apart. What the provider's book has of other markets is left out; what nobody of us knows is a difference.
   * @param day `YYYY-MM-DD`, in UTC
   * @throws AppError FORBIDDEN unless FINANCE or ADMIN, BAD_INPUT, UNAVAILABLE (retryable) when the provider's book cannot be read
   */
  ofDay(viewer: Viewer, provider: string, day: string): Promise<Reconciliation>;
}

export interface ReconciliationServiceDeps {
  readonly db: Pick<Db, 'read'>;
  readonly providers: readonly PaymentProvider[];
}

const dayMs = 24 * 60 * 60 * 1000;
const marginMs = 3 * dayMs;

export function createReconciliationService({ db, providers }: ReconciliationServiceDeps): ReconciliationService {
  return {
    async ofDay(viewer, name, text) {
      const { tenantId } = requireUser(viewer);
      if (!seesAllPayouts(viewer))
        throw new AppError('FORBIDDEN', 'Reconciliation is shown to the roles FINANCE and ADMIN.');
      const provider = parseProvider(providers, name);
      const day = parseDay(text);
      const currency = await currencyOf(db.read, tenantId);
      const place: BooksPlace = { tenantId, currency, provider: provider.name };
      const around = { from: new Date(day.from.getTime() - marginMs), until: new Date(day.until.getTime() + marginMs) };
      // Read on both sides of their book, so that what moves this very moment is under way and no difference.
      const before = await underWay(db.read, place, day.until);
      const book = await provider.bookOf(around.from, around.until);
      const open = [...before, ...(await underWay(db.read, place, day.until))];
      if (!book)
        throw new AppError('UNAVAILABLE', `The book of ${name} cannot be read now; try again.`, { retryable: true });
      const theirs = await ofMarket(db.read, place, book);
      const ours = await ourEntries(db.read, place, around);
      return { provider: name, currency, from: day.from, ...compare(ours, theirs, open, day) };
    },
  };
}

function parseProvider(providers: readonly PaymentProvider[], name: string): PaymentProvider {
  const provider = providers.find((one) => one.name === name);
  if (provider) return provider;
  const known = providers.map((one) => one.name).join(', ') || 'none';
  const isName = (providerNames as readonly string[]).includes(name);
  throw badInput('provider', isName ? `is not set up on this server; there is ${known}.` : `takes ${known}.`);
}

function parseDay(text: string): Window {
  const from = new Date(`${text}T00:00:00.000Z`);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(from.getTime()) && from.toISOString().startsWith(text);
  if (!isDay || from.getUTCFullYear() < 2000) throw badInput('day', 'takes a day since 2000 such as 2026-11-20.');
  return { from, until: new Date(from.getTime() + dayMs) };
}

/** Without what belongs to other markets, and without other currencies. */
async function ofMarket(
  reader: Parameters<typeof marketsOf>[0],
  { tenantId, provider, currency }: BooksPlace,
  book: readonly BookItem[],
): Promise<readonly Entry[]> {
  const inCurrency = book.filter(({ amount }) => amount.currency === currency);
  const markets = await marketsOf(
    reader,
    provider,
    inCurrency.map(({ reference }) => reference),
  );
  return inCurrency
    .filter(({ reference }) => (markets.get(reference) ?? tenantId) === tenantId)
    .map(({ kind, reference, amount, fee, at }) => {
      const gross = kind === 'charge' || kind === 'reversal' ? amount.minor : -amount.minor;
      return { kind, reference, minor: gross - fee.minor, at };
    });
}

type Compared = Omit<Reconciliation, 'provider' | 'currency' | 'from'>;

function compare(
  ours: readonly Entry[],
  theirs: readonly Entry[],
  open: readonly Entry[],
  { from, until }: Window,
): Compared {
  const isOfDay = ({ at }: Entry): boolean => at >= from && at < until;
  const [here, there] = [byName(ours), byName(theirs)];
  const waiting = new Map(open.map((entry) => [nameOf(entry), entry] as const));
  const names = new Set([...ours, ...theirs].filter(isOfDay).map(nameOf));
  const differences: Movement[] = [];
  const inFlight: Movement[] = [];
  let matched = 0;
  for (const name of names) {
    const [own, other] = [here.get(name), there.get(name)];
    if (own && other && own.minor === other.minor) matched += 1;
    else if (!waiting.has(name)) differences.push(movementOf(own, other));
  }
  for (const [name, expected] of waiting) inFlight.push(movementOf(expected, there.get(name)));
  const sum = (entries: readonly Entry[]): bigint =>
    entries.filter(isOfDay).reduce((total, { minor }) => total + minor, 0n);
  return { ok: differences.length === 0, ours: sum(ours), theirs: sum(theirs), matched, differences, inFlight };
}

/** Entries of one name added up: a charge may be taken back in parts. */
function byName(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  const found = new Map<string, Entry>();
  for (const entry of entries) {
    const earlier = found.get(nameOf(entry));
    found.set(nameOf(entry), earlier ? { ...earlier, minor: earlier.minor + entry.minor } : entry);
  }
  return found;
}

function nameOf({ kind, reference }: Entry): string {
  return `${kind} ${reference}`;
}

function movementOf(own: Entry | undefined, other: Entry | undefined): Movement {
  const { kind, reference, at } = (own ?? other)!;
  return { kind, reference, ours: own?.minor, theirs: other?.minor, at };
}
