import { AppError, silentLogger, type Clock, type Logger } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import { chargebackJournalId, type ChargebackService } from '../escrows/index.js';
import type { BookItem, PaymentProvider } from '../providers/index.js';
import type { ChargeService } from './charge.service.js';

export interface ChargebacksRoundDeps {
  readonly db: Pick<Db, 'read'>;
  readonly clock: Clock;
  /** Undefined on a server that takes no money in. */
  readonly provider: PaymentProvider | undefined;
  readonly charges: Pick<ChargeService, 'noticed'>;
  readonly chargebacks: Pick<ChargebackService, 'record'>;
  readonly logger?: Logger | undefined;
}

const hourMs = 3_600_000;
const lookBackMs = 7 * 24 * hourMs;

/**
 * Books what the provider's book says was taken back and no webhook told of: once an hour by the clock, over the last seven
 * days. An event is booked once, however it was learnt of. @returns how many were booked by this call
 */
export function createChargebacksRound(deps: ChargebacksRoundDeps): () => Promise<number> {
  const { clock, provider, logger = silentLogger } = deps;
  let nextAt = 0;
  return async () => {
    const now = clock.now();
    if (!provider || now.getTime() < nextAt) return 0;
    nextAt = now.getTime() + hourMs;
    const until = new Date(now.getTime() + hourMs);
    const listed = await provider.takenBack(new Date(now.getTime() - lookBackMs), until);
    if (!listed) {
      logger.warn({ provider: provider.name }, 'what was taken back cannot be read; it is looked at again in an hour');
      return 0;
    }
    let booked = 0;
    for (const item of await unbooked(deps, provider, listed)) if (await bookOne(deps, provider, item)) booked += 1;
    return booked;
  };
}

interface Named extends BookItem {
  readonly eventId: string;
}

async function unbooked(
  { db }: ChargebacksRoundDeps,
  { name }: PaymentProvider,
  listed: readonly BookItem[],
): Promise<readonly Named[]> {
  const named = listed.filter((item): item is Named => item.kind === 'chargeback' && item.eventId !== undefined);
  const ids = named.map(({ eventId }) => chargebackJournalId(name, eventId));
  const known = await db.read.journal.findMany({ where: { id: { in: ids } }, select: { id: true } });
  const booked = new Set(known.map(({ id }) => id));
  return named.filter(({ eventId }) => !booked.has(chargebackJournalId(name, eventId)));
}

/** What is no charge of ours is left to reconciliation; one that has not come in yet is asked about, and taken back then. */
async function bookOne(
  { charges, chargebacks, logger = silentLogger }: ChargebacksRoundDeps,
  { name: provider }: PaymentProvider,
  { reference: providerRef, eventId, amount }: Named,
): Promise<boolean> {
  const charge = await charges.noticed(provider, providerRef);
  if (charge?.state !== 'SUCCEEDED') return false;
  const money = { amountMinor: amount.minor, currency: amount.currency };
  const reason = "taken back by the provider's book";
  try {
    const { isReplay } = await chargebacks.record('provider', { provider, eventId, providerRef, ...money, reason });
    return !isReplay;
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'UNAVAILABLE') throw error;
    logger.error({ err: error, chargeId: charge.id, eventId }, 'what the provider took back cannot be booked');
    return false;
  }
}
