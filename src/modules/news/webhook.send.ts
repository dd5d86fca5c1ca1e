import type { Clock, Logger } from '../../kernel/index.js';
import type { Db, Prisma, Tx } from '../../db/index.js';
import { uuidv7 } from '../../kernel/index.js';
import { pauseAfterMs } from './webhook.backoff.js';
import { eventIdOf } from './webhook.body.js';
import type { WebhookAnswer, WebhookPost } from './webhook.post.js';
import { signatureHeader, signatureOf, type WebhookSecrets } from './webhook.signature.js';

export interface SendDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly secrets: WebhookSecrets;
  readonly post: WebhookPost;
  /** At least 0, less than 1. Default Math.random. */
  readonly random?: () => number;
}

/** A delivery that this process is at, until its lease ends. */
interface Claim {
  readonly id: string;
  readonly tenantId: string;
  readonly endpointId: string;
  readonly outboxSeq: bigint;
  readonly topic: string;
  readonly body: string;
  readonly attempt: number;
  readonly giveUpAt: Date;
  readonly url: string;
  readonly secretSeq: number;
  readonly previousSecretUntil: Date | null;
}

const atOnceMax = 50;
/** One slow endpoint does not take all places. */
const atOncePerEndpointMax = 5;
/** Longer than a request may take: whoever has not said by then how it went is taken to have died. */
const leaseMs = 60_000;
/** After failing so long without one success, an endpoint is paused. */
const pausedAfterMs = 24 * 60 * 60 * 1000;
const errorLengthMax = 300;

/**
 * Makes one attempt at every delivery that is due, several at once. The attempt is counted in the transaction that takes it, and
 * what it came to is saved for that attempt only: no two workers make the same one, and who dies in between loses nothing,
 * because it is due again when the lease ends. @returns how many attempts were made
 */
export async function sendDueWebhooks(deps: SendDeps, goesOn = () => true): Promise<number> {
  let sent = 0;
  for (;;) {
    const claims = await claimDue(deps);
    await Promise.all(claims.map((claim) => attempt(deps, claim)));
    sent += claims.length;
    if (claims.length === 0 || !goesOn()) return sent;
  }
}

async function claimDue({ db, clock }: SendDeps): Promise<readonly Claim[]> {
  const now = clock.now();
  const leaseEnds = new Date(now.getTime() + leaseMs);
  return db.write(
    (tx) => tx.$queryRaw<Claim[]>`
    WITH due AS (
      SELECT d.id FROM webhook_endpoint e CROSS JOIN LATERAL (
        SELECT id FROM webhook_delivery
        WHERE endpoint_id = e.id AND state = 'PENDING' AND next_at <= ${now}
        ORDER BY next_at, outbox_seq LIMIT ${atOncePerEndpointMax} FOR UPDATE SKIP LOCKED) d
      WHERE e.state = 'ACTIVE' LIMIT ${atOnceMax})
    UPDATE webhook_delivery d SET attempt = attempt + 1, next_at = ${leaseEnds}
    FROM webhook_endpoint e WHERE d.id IN (SELECT id FROM due) AND e.id = d.endpoint_id
    RETURNING d.id::text, d.tenant_id::text AS "tenantId", d.endpoint_id::text AS "endpointId", d.outbox_seq AS "outboxSeq",
      d.topic, d.body, d.attempt, d.give_up_at AS "giveUpAt", e.url, e.secret_seq AS "secretSeq",
      e.previous_secret_until AS "previousSecretUntil"`,
  );
}

async function attempt(deps: SendDeps, claim: Claim): Promise<void> {
  const { db, clock, logger, post, random = Math.random } = deps;
  const answer = await post({ url: claim.url, body: claim.body, headers: headersOf(deps, claim) });
  const now = clock.now();
  const failure = failureOf(answer);
  const patch = failure === undefined ? delivered(answer, now) : failed(claim, answer, failure, now, random());
  await db.write(async (tx) => {
    const { count } = await tx.webhookDelivery.updateMany({
      where: { id: claim.id, attempt: claim.attempt, state: 'PENDING' },
      data: patch,
    });
    if (count > 0) await judgeEndpoint(tx, claim, failure, now);
  });
  if (failure !== undefined)
    logger.debug({ delivery: claim.id, attempt: claim.attempt, failure }, 'a webhook was not delivered');
}

function headersOf({ clock, secrets }: SendDeps, claim: Claim): Readonly<Record<string, string>> {
  const { endpointId, secretSeq, previousSecretUntil } = claim;
  const now = clock.now();
  const isOverlapping = previousSecretUntil !== null && now < previousSecretUntil;
  const seqs = isOverlapping ? [secretSeq, secretSeq - 1] : [secretSeq];
  const good = seqs.map((seq) => secrets.secretOf(endpointId, seq));
  return {
    'content-type': 'application/json',
    'user-agent': 'RunAm-Webhooks/1',
    'runam-event-id': eventIdOf(claim.outboxSeq),
    'runam-topic': claim.topic,
    'runam-attempt': String(claim.attempt),
    [signatureHeader]: signatureOf(claim.body, good, now),
  };
}

/** Undefined when the endpoint took it: any status from 200 to 299. */
function failureOf(answer: WebhookAnswer): string | undefined {
  if ('error' in answer) return answer.error.slice(0, errorLengthMax);
  return answer.status >= 200 && answer.status < 300 ? undefined : `answered ${answer.status}`;
}

function statusOf(answer: WebhookAnswer): number | null {
  return 'status' in answer ? answer.status : null;
}

type Patch = Prisma.WebhookDeliveryUncheckedUpdateManyInput;

function delivered(answer: WebhookAnswer, now: Date): Patch {
  return { state: 'DELIVERED', nextAt: null, deliveredAt: now, responseStatus: statusOf(answer), lastError: null };
}

function failed(claim: Claim, answer: WebhookAnswer, lastError: string, now: Date, random: number): Patch {
  const nextAt = new Date(now.getTime() + pauseAfterMs(claim.attempt, random));
  const said = { responseStatus: statusOf(answer), lastError };
  return nextAt > claim.giveUpAt ? { ...said, state: 'DEAD', nextAt: null } : { ...said, nextAt };
}

/** Keeps since when an endpoint fails, and pauses one that has for long: its owner is told. */
async function judgeEndpoint(tx: Tx, claim: Claim, failure: string | undefined, now: Date): Promise<void> {
  const { endpointId, tenantId } = claim;
  if (failure === undefined) {
    await tx.webhookEndpoint.updateMany({
      where: { id: endpointId, failingSince: { not: null } },
      data: { failingSince: null },
    });
    return;
  }
  await tx.webhookEndpoint.updateMany({
    where: { id: endpointId, failingSince: null },
    data: { failingSince: now },
  });
  const paused = await tx.webhookEndpoint.updateManyAndReturn({
    where: { id: endpointId, state: 'ACTIVE', failingSince: { lte: new Date(now.getTime() - pausedAfterMs) } },
    data: { state: 'PAUSED', pausedReason: failure, version: { increment: 1 }, updatedAt: now },
  });
  for (const { ownerId, url } of paused) {
    const params = { endpointId, url, reason: failure };
    const id = uuidv7(now.getTime());
    await tx.notification.create({
      data: { id, tenantId, userId: ownerId, kind: 'webhook.paused', params, createdAt: now },
    });
  }
}
