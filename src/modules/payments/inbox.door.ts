import { AppError, notFound, silentLogger, storable, uuidv7, type Clock, type Logger } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import type { PaymentProvider, WebhookNotice } from '../providers/index.js';
import { storeNotice } from './inbox.repo.js';

export type Headers = Readonly<Record<string, string | undefined>>;

/** Where providers tell us what happened. */
export interface WebhookDoor {
  /**
   * Checks who speaks and keeps what is said, once an event, whatever it is about; what becomes of it is none of the caller's
   * business. @returns the id it is kept under, undefined when it was told before
   * @throws AppError NOT_FOUND for a provider that is not set up, UNAUTHENTICATED for a missing or wrong signature and
   * BAD_INPUT for a body that cannot be read: these are not kept; UNAVAILABLE when it could not be kept
   */
  receive(provider: string, headers: Headers, rawBody: Buffer): Promise<string | undefined>;
}

export interface WebhookDoorDeps {
  readonly db: Pick<Db, 'write'>;
  readonly clock: Clock;
  readonly providers: readonly PaymentProvider[];
  readonly logger?: Logger;
}

/** Whoever knocks without a key can fill no log. */
const refusalLoggedEveryMs = 60_000;
const headerLengthMax = 500;

export function createWebhookDoor({ db, clock, providers, logger = silentLogger }: WebhookDoorDeps): WebhookDoor {
  const known = new Map(providers.map((provider) => [provider.name as string, provider]));
  let refusals = 0;
  let loggedAtMs = Number.NEGATIVE_INFINITY;

  function noteRefusal(provider: string, error: unknown): void {
    refusals += 1;
    const nowMs = clock.now().getTime();
    if (nowMs - loggedAtMs < refusalLoggedEveryMs) return;
    logger.warn({ err: error, provider, refusals }, 'webhooks were refused');
    loggedAtMs = nowMs;
    refusals = 0;
  }

  function read(provider: PaymentProvider, headers: Headers, rawBody: Buffer): WebhookNotice {
    try {
      return provider.readWebhook(headers, rawBody);
    } catch (error) {
      if (error instanceof AppError) noteRefusal(provider.name, error);
      throw error;
    }
  }

  return {
    async receive(name, headers, rawBody) {
      const provider = known.get(name);
      if (!provider) throw notFound('payment provider', name.slice(0, 40));
      const notice = read(provider, headers, rawBody);
      const now = clock.now();
      const told = { id: uuidv7(now.getTime()), provider: name, headers: telling(headers), rawBody };
      const isNew = await db.write((tx) => storeNotice(tx, told, notice, now));
      return isNew ? told.id : undefined;
    },
  };
}

/** What may matter to whoever looks at it later. A header that is a secret itself, as some providers send, is none of these. */
function telling(headers: Headers): Readonly<Record<string, string>> {
  const kept = Object.entries(headers).filter(
    ([name]) => name === 'content-type' || name === 'user-agent' || name.endsWith('-signature'),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, storable(value ?? '', headerLengthMax)]));
}
