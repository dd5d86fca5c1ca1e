import {
  AppError,
  isUuid,
  notFound,
  pageOf,
  pageRequest,
  silentLogger,
  storable,
  type Clock,
  type Logger,
  type Page,
  type Viewer,
} from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import { newestFirst, type PageArgs } from '../errands/index.js';
import type { ChargebackService } from '../escrows/index.js';
import { requireFinance, stillFinance } from '../ledger/index.js';
import type { ChargeService } from './charge.service.js';
import { deleteDone, saveFate, takeDue, type Fate, type Webhook } from './inbox.repo.js';
import { decodeAbout, subjectOf } from './notice.codec.js';

/** Makes a payout that a provider has told of due now. @returns false when there is none with this reference */
export type TransferNoticed = (clientRef: string) => Promise<boolean>;

export interface InboxDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  readonly charges: Pick<ChargeService, 'noticed'>;
  readonly chargebacks: Pick<ChargebackService, 'record'>;
  /** Undefined on a server without payouts: what is told of them then waits for FINANCE. */
  readonly transferNoticed?: TransferNoticed | undefined;
  readonly logger?: Logger;
}

/** A webhook that nothing came of, as FINANCE sees it: without its body. */
export interface FailedWebhook extends Pick<
  Webhook,
  'id' | 'provider' | 'eventId' | 'attempts' | 'error' | 'state' | 'receivedAt'
> {
  readonly kind: string;
  /** The reference it names. */
  readonly subject: string;
}

/**
 * What becomes of webhooks behind the door. Each is a hint to go and ask the provider, so that neither their order nor their
 * number matters; a chargeback, of which providers tell in no other way, is booked once by its event when its charge is.
 */
export interface InboxService {
  /** Works off what is due, one after the other. Safe in any number of processes. @returns how many were taken; default limit 50 */
  work(limit?: number): Promise<number>;
  /** Works off one that was just kept; it stays for the rounds when that fails. */
  workOne(id: string): Promise<void>;
  /** Forgets what was dealt with more than 30 days ago. @returns how many */
  forget(): Promise<number>;
  /** Of the viewer's market, and those that are about no market's charge; newest first. @throws AppError FORBIDDEN unless FINANCE */
  failed(viewer: Viewer, args: PageArgs): Promise<Page<FailedWebhook>>;
  /** Has a failed one tried again. @throws AppError FORBIDDEN unless FINANCE, NOT_FOUND */
  retry(viewer: Viewer, id: string): Promise<FailedWebhook>;
}

export const webhooksPerRound = 50;
const keptMs = 30 * 24 * 60 * 60 * 1000;
const forgottenPerRound = 1_000;
const reasonLengthMax = 500;

export function createInboxService(deps: InboxDeps): InboxService {
  const { db, clock, logger = silentLogger } = deps;

  async function handle(webhook: Webhook): Promise<void> {
    const fate = await fateOf(deps, webhook).catch((error: unknown): Fate => {
      logger.error({ err: error, webhookId: webhook.id }, 'a webhook could not be followed up; it is tried again');
      return {
        kind: 'wait',
        why: error instanceof AppError ? error.message : 'Something failed.',
        tenantId: undefined,
      };
    });
    await db.write((tx) => saveFate(tx, webhook, fate, clock.now()));
  }

  const take = (limit: number, id?: string) => db.write((tx) => takeDue(tx, clock.now(), limit, id));
  return {
    async work(limit = webhooksPerRound) {
      const due = await take(limit);
      for (const webhook of due) await handle(webhook);
      return due.length;
    },
    async workOne(id) {
      for (const webhook of await take(1, id)) await handle(webhook);
    },
    forget: () => db.write((tx) => deleteDone(tx, new Date(clock.now().getTime() - keptMs), forgottenPerRound)),
    async failed(viewer, { first, after }) {
      const { tenantId } = requireFinance(viewer);
      const page = pageRequest(first ?? undefined, after ?? undefined, newestFirst.order);
      const rows = await db.read.webhookInbox.findMany({
        where: { AND: [{ state: 'FAILED', OR: [{ tenantId }, { tenantId: null }] }, behind(page.after)] },
        orderBy: [{ receivedAt: 'desc' }, { id: 'asc' }],
        take: page.first + 1,
      });
      return pageOf(rows.map(shown), page.first);
    },
    async retry(viewer, id) {
      const user = requireFinance(viewer);
      const { tenantId } = user;
      return db.write(async (tx) => {
        await stillFinance(tx, user);
        const where = { id, state: 'FAILED' as const, OR: [{ tenantId }, { tenantId: null }] };
        const data = { state: 'RECEIVED' as const, attempts: 0, nextAt: clock.now() };
        const { count } = isUuid(id) ? await tx.webhookInbox.updateMany({ where, data }) : { count: 0 };
        if (count === 0) throw notFound('failed webhook', id);
        return shown(await tx.webhookInbox.findUniqueOrThrow({ where: { id } }));
      });
    },
  };
}

/** Where a webhook stands in a list that is ordered newest first. */
export const webhookCursor = ({ receivedAt, id }: Pick<Webhook, 'receivedAt' | 'id'>) =>
  newestFirst.cursor({ createdAt: receivedAt, id });

function behind(cursor: Parameters<typeof newestFirst.after>[0]) {
  const { createdAt, OR } = newestFirst.after(cursor) as {
    readonly createdAt?: { readonly lte: Date };
    readonly OR?: readonly [{ readonly createdAt: { readonly lt: Date } }, { readonly id: { readonly gt: string } }];
  };
  return createdAt && OR ? { receivedAt: createdAt, OR: [{ receivedAt: OR[0].createdAt }, OR[1]] } : {};
}

function shown({ id, provider, eventId, attempts, error, state, receivedAt, about }: Webhook): FailedWebhook {
  const notice = decodeAbout(about);
  return {
    id,
    provider,
    eventId,
    attempts,
    error,
    state,
    receivedAt,
    kind: notice.kind,
    subject: subjectOf(notice),
  };
}

async function fateOf(deps: InboxDeps, { provider, eventId, about: json }: Webhook): Promise<Fate> {
  const about = decodeAbout(json);
  const fail = (why: string, tenantId?: string): Fate => ({ kind: 'fail', why, tenantId });
  if (about.kind === 'other') return { kind: 'done', tenantId: undefined };
  if (about.kind === 'transfer') {
    if (!deps.transferNoticed) return fail('This server makes no payouts.');
    const isOurs = await deps.transferNoticed(about.clientRef);
    return isOurs ? { kind: 'done', tenantId: undefined } : fail(`No payout has the reference ${about.clientRef}.`);
  }
  const charge = await deps.charges.noticed(provider, about.reference);
  if (!charge) return fail(`No charge has the reference ${about.reference}.`);
  const { tenantId } = charge;
  // What is not over yet is asked about again by the charge's own rounds.
  if (about.kind === 'charge') return { kind: 'done', tenantId };
  if (charge.state !== 'SUCCEEDED')
    return { kind: 'wait', why: `The charge ${charge.id} has not come in: it is ${charge.state}.`, tenantId };
  const { amount, reference: providerRef, reason } = about;
  const chargeback = {
    provider,
    eventId,
    providerRef,
    reason: storable(reason, reasonLengthMax).trim() || 'no reason was given',
  };
  try {
    const money = { amountMinor: amount.minor, currency: amount.currency };
    await deps.chargebacks.record('provider', { ...chargeback, ...money });
  } catch (error) {
    if (error instanceof AppError && isFinal(error)) return fail(error.message, tenantId);
    throw error;
  }
  return { kind: 'done', tenantId };
}

/** Trying again would be told the same. */
function isFinal({ code }: AppError): boolean {
  return code === 'ALREADY_EXISTS' || code === 'LIMIT_EXCEEDED' || code === 'BAD_INPUT' || code === 'NOT_FOUND';
}
