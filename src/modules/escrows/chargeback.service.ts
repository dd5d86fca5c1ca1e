import {
  AppError,
  badInput,
  formatMoney,
  notFound,
  requireUser,
  uuidOf,
  type Clock,
  type Currency,
  type Money,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Charge, Db, JournalLine, Tx } from '../../db/index.js';
import { recordAct, type AdminAct } from '../audit/index.js';
import { amountFault, namesFaults, refuse } from '../errands/index.js';
import {
  accounts,
  balanceOfTotals,
  emptyTotals,
  journalById,
  openAndLock,
  parseReason,
  postJournal,
  requireFinance,
  stillFinance,
  transfer,
  type BookedJournal,
  type JournalDraft,
  type Posting,
} from '../ledger/index.js';

/** Who bears money that a provider took back: the USER it had been credited to, or the HOUSE. */
export const chargebackBearers = ['USER', 'HOUSE'] as const;
export type ChargebackBearer = (typeof chargebackBearers)[number];

export interface Chargeback {
  readonly provider: string;
  /** The provider's own, 1 to 200 characters; an event is booked once, however often it is told. */
  readonly eventId: string;
  /** The charge, by the provider's name for it. */
  readonly providerRef: string;
  /** Minor units, above 0, up to what of the charge was not taken back yet. */
  readonly amountMinor: bigint;
  readonly currency: string;
  /** Default USER. */
  readonly bearer?: ChargebackBearer | undefined;
  readonly reason: string;
}

export interface RecordedChargeback {
  readonly journal: BookedJournal;
  /** The event was booked before; nothing moved this time. */
  readonly isReplay: boolean;
}

/**
 * Money that a provider takes back after it was credited (E19). A charge fills a wallet, so the wallet is where it is taken
 * from, and what is not there any more is owed: errands, escrows and runners who were paid stay as they are. What is owed
 * is taken from later credits (`recoverReceivables`).
 */
export interface ChargebackService {
  /**
   * Books it once by its event, whoever tells it: someone of FINANCE, for a charge of their own market, or the provider.
   * @throws AppError FORBIDDEN, NOT_FOUND when no such charge came in, ALREADY_EXISTS when the event was booked with another
   * charge or amount, LIMIT_EXCEEDED when more would be taken back than came in, BAD_INPUT
   */
  record(by: Viewer | 'provider', chargeback: Chargeback): Promise<RecordedChargeback>;
}

export interface ChargebackServiceDeps {
  readonly db: Pick<Db, 'write'>;
  readonly clock: Clock;
}

const eventIdLengthMax = 200;
const kind = 'charge.chargeback';

export function createChargebackService({ db, clock }: ChargebackServiceDeps): ChargebackService {
  return {
    async record(by, chargeback) {
      const user = by === 'provider' ? undefined : requireFinance(requireUser(by));
      const { eventId, bearer } = chargeback;
      refuse(namesFaults('bearer', bearer === undefined ? [] : [bearer], chargebackBearers));
      if (eventId.length < 1 || eventId.length > eventIdLengthMax) {
        throw badInput('eventId', `takes 1 to ${eventIdLengthMax} characters, got ${eventId.length}.`);
      }
      const reason = parseReason('reason', chargeback.reason);
      return db.write(async (tx) => {
        if (user) await stillFinance(tx, user);
        const now = clock.now();
        const recorded = await recordOnce(tx, user, { ...chargeback, reason }, now);
        if (user && !recorded.isReplay) await recordAct(tx, user, actOf(chargeback, recorded, reason), now);
        return recorded;
      });
    },
  };
}

function actOf(chargeback: Chargeback, { journal }: RecordedChargeback, reason: string): AdminAct {
  const { provider, eventId, providerRef, amountMinor, currency, bearer = 'USER' } = chargeback;
  const after = { provider, eventId, providerRef, amountMinor, currency, bearer, businessRef: journal.businessRef };
  return { action: 'recordChargeback', targetId: journal.id, after, reason };
}

/** Under the charge's lock, so that two events about one charge, or one event told twice, come one after the other. */
async function recordOnce(
  tx: Tx,
  user: UserViewer | undefined,
  chargeback: Chargeback,
  now: Date,
): Promise<RecordedChargeback> {
  const { provider, eventId, bearer = 'USER' } = chargeback;
  const charge = await lockCharge(tx, user, chargeback);
  const amount = amountOf(charge, chargeback);
  const id = chargebackId(provider, eventId);
  const businessRef = `charge:${charge.id}`;
  const earlier = await tx.journal.findUnique({ where: { id }, include: { lines: true } });
  if (earlier) {
    const isSame = earlier.businessRef === businessRef && creditsOf(earlier.lines) === amount.minor;
    if (!isSame) throw new AppError('ALREADY_EXISTS', `Event ${eventId} was booked with another charge or amount.`);
    return { journal: await journalById(tx, charge.tenantId, id), isReplay: true };
  }
  await refuseTooMuch(tx, charge, businessRef, amount);
  const postings = await postingsOf(tx, charge, bearer, amount, now);
  await postJournal(tx, chargebackJournal(charge, chargeback, postings, user?.userId ?? null, now));
  return { journal: await journalById(tx, charge.tenantId, id), isReplay: false };
}

/** The booking of a chargeback; its id is a function of the provider's event. */
export function chargebackJournal(
  charge: Pick<Charge, 'id' | 'tenantId'>,
  { provider, eventId, currency, reason }: Pick<Chargeback, 'provider' | 'eventId' | 'currency' | 'reason'>,
  postings: readonly Posting[],
  actorId: string | null,
  now: Date,
): JournalDraft {
  return {
    id: chargebackId(provider, eventId),
    tenantId: charge.tenantId,
    kind,
    businessRef: `charge:${charge.id}`,
    currency: currency as Currency,
    effectiveAt: now,
    recordedAt: now,
    actorId,
    reason: `${provider} ${eventId}: ${reason}`,
    postings,
  };
}

const chargebackId = (provider: string, eventId: string): string => uuidOf(`journal:chargeback:${provider}:${eventId}`);

/** @throws AppError NOT_FOUND when none came in by this name, or in another market than the viewer's */
async function lockCharge(
  tx: Tx,
  user: UserViewer | undefined,
  { provider, providerRef }: Chargeback,
): Promise<Charge> {
  await tx.$queryRaw`SELECT id FROM charge WHERE provider = ${provider} AND provider_ref = ${providerRef} FOR UPDATE`;
  const charge = await tx.charge.findUnique({ where: { provider_providerRef: { provider, providerRef } } });
  const isTheirs = charge && (!user || user.tenantId === charge.tenantId);
  if (!isTheirs || charge.state !== 'SUCCEEDED') throw notFound(`${provider} charge`, providerRef);
  return charge;
}

function amountOf(charge: Charge, { amountMinor: minor, currency }: Chargeback): Money {
  const chargeCurrency = (charge.receivedCurrency ?? charge.currency) as Currency;
  const fault = amountFault('amount', { minor, currency }, chargeCurrency, 1n);
  refuse(fault ? [fault] : []);
  return { minor, currency: chargeCurrency };
}

async function refuseTooMuch(tx: Tx, charge: Charge, businessRef: string, amount: Money): Promise<void> {
  const where = { tenantId: charge.tenantId, businessRef, kind };
  const earlier = await tx.journal.findMany({ where, include: { lines: true } });
  const reversals = await tx.journal.findMany({ where: { reversesId: { in: earlier.map(({ id }) => id) } } });
  const wasReversed = new Set(reversals.map(({ reversesId }) => reversesId));
  const standing = earlier.filter(({ id }) => !wasReversed.has(id));
  const left = (charge.received ?? 0n) - standing.reduce((sum, { lines }) => sum + creditsOf(lines), 0n);
  if (amount.minor <= left) return;
  const money = (minor: bigint): string => formatMoney({ minor, currency: amount.currency });
  throw new AppError('LIMIT_EXCEEDED', `Of this charge ${money(left)} can be taken back, not ${money(amount.minor)}.`);
}

function creditsOf(lines: readonly JournalLine[]): bigint {
  return lines.reduce((sum, { side, amount }) => (side === 'CREDIT' ? sum + amount : sum), 0n);
}

/** What never reached a wallet is taken from where it waits, whoever would bear it. */
async function postingsOf(
  tx: Tx,
  charge: Charge,
  bearer: ChargebackBearer,
  amount: Money,
  now: Date,
): Promise<readonly Posting[]> {
  const { landed, provider } = charge;
  if (landed === 'SUSPENSE') return transfer(accounts.suspense(provider), accounts.pspClearing(provider), amount.minor);
  return bearer === 'HOUSE' ? houseBears(charge, amount) : userBears(tx, charge, amount, now);
}

function houseBears({ provider }: Charge, { minor }: Money): readonly Posting[] {
  return transfer(accounts.chargebacks(), accounts.pspClearing(provider), minor);
}

/** From the wallet what it holds, the rest is owed; decided under the locks of both. */
async function userBears(
  tx: Tx,
  { tenantId, userId, provider }: Charge,
  { minor, currency }: Money,
  now: Date,
): Promise<readonly Posting[]> {
  const [wallet, receivable] = [accounts.wallet(userId), accounts.receivable(userId)];
  const totals = await openAndLock(tx, { tenantId, currency, recordedAt: now }, [wallet, receivable]);
  return userBearsPostings(
    { userId, provider },
    balanceOfTotals(wallet, totals.get(wallet.code) ?? emptyTotals),
    minor,
  );
}

/** From the wallet what it holds, the rest is owed. */
export function userBearsPostings(
  { userId, provider }: Pick<Charge, 'userId' | 'provider'>,
  held: bigint,
  minor: bigint,
): readonly Posting[] {
  const [wallet, receivable] = [accounts.wallet(userId), accounts.receivable(userId)];
  const taken = held < minor ? held : minor;
  const clearing = accounts.pspClearing(provider);
  return [...transfer(wallet, clearing, taken), ...transfer(receivable, clearing, minor - taken)];
}
