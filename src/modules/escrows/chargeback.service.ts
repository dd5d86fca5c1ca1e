import {
  AppError,
  badInput,
  formatMoney,
  notFound,
  requireUser,
  type Clock,
  type Currency,
  type Money,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Charge, Db, JournalLine, Tx } from '../../db/index.js';
import { recordAct, type AdminAct } from '../audit/index.js';
import { amountFault, namesFaults, refuse } from '../errands/index.js';
import { journalById, parseReason, requireFinance, stillFinance, type BookedJournal } from '../ledger/index.js';
import {
  bookChargeback,
  chargebackBearers,
  chargebackJournalId,
  chargebackKind,
  wholeChargebackId,
  type ChargebackBearer,
} from './chargeback.journal.js';

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
  const { provider, eventId, bearer = 'USER', reason } = chargeback;
  const charge = await lockCharge(tx, user, chargeback);
  const amount = amountOf(charge, chargeback);
  const id = chargebackJournalId(provider, eventId);
  const businessRef = `charge:${charge.id}`;
  const earlier = await tx.journal.findUnique({ where: { id }, include: { lines: true } });
  if (earlier) {
    const isSame = earlier.businessRef === businessRef && creditsOf(earlier.lines) === amount.minor;
    if (!isSame) throw new AppError('ALREADY_EXISTS', `Event ${eventId} was booked with another charge or amount.`);
    return { journal: await journalById(tx, charge.tenantId, id), isReplay: true };
  }
  // What the provider tells of in parts is in what it showed as gone as a whole.
  const whole = user ? null : await tx.journal.findUnique({ where: { id: wholeChargebackId(charge) } });
  if (whole) return { journal: await journalById(tx, charge.tenantId, whole.id), isReplay: true };
  await refuseTooMuch(tx, charge, businessRef, amount);
  const why = `${provider} ${eventId}: ${reason}`;
  await bookChargeback(tx, charge, { id, actorId: user?.userId ?? null, reason: why, amount, bearer }, now);
  return { journal: await journalById(tx, charge.tenantId, id), isReplay: false };
}

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
  const where = { tenantId: charge.tenantId, businessRef, kind: chargebackKind };
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
