import { storable } from '../../kernel/index.js';
import { Prisma, type Tx, type WebhookInbox } from '../../db/index.js';
import type { WebhookNotice } from '../providers/index.js';
import { encodeAbout } from './notice.codec.js';

export type Webhook = Readonly<WebhookInbox>;

/** Longer than asking a provider takes: who has taken a notice and died leaves it for so long. */
const leaseMs = 60_000;

/** @returns false when the event is there already */
export async function storeNotice(
  tx: Tx,
  told: {
    readonly id: string;
    readonly provider: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly rawBody: Buffer;
  },
  { eventId, about }: WebhookNotice,
  now: Date,
): Promise<boolean> {
  const rawBody = new Uint8Array(told.rawBody);
  const row = { ...told, rawBody, eventId, about: encodeAbout(about), state: 'RECEIVED' as const };
  const { count } = await tx.webhookInbox.createMany({
    data: [{ ...row, nextAt: now, receivedAt: now }],
    skipDuplicates: true,
  });
  return count === 1;
}

/** Takes notices whose time has come, oldest first, so that no other process takes them meanwhile. @param id only this one */
export async function takeDue(tx: Tx, now: Date, limit: number, id?: string): Promise<readonly Webhook[]> {
  const only = id === undefined ? Prisma.empty : Prisma.sql`AND id = ${id}::uuid`;
  const taken = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM webhook_inbox WHERE state = 'RECEIVED' AND next_at <= ${now} ${only}
    ORDER BY next_at, id LIMIT ${limit}::int FOR UPDATE SKIP LOCKED`;
  const where = { id: { in: taken.map((row) => row.id) } };
  if (taken.length === 0) return [];
  const data = { nextAt: new Date(now.getTime() + leaseMs), attempts: { increment: 1 } };
  await tx.webhookInbox.updateMany({ where, data });
  return tx.webhookInbox.findMany({ where, orderBy: [{ receivedAt: 'asc' }, { id: 'asc' }] });
}

export type Fate =
  | { readonly kind: 'done'; readonly tenantId: string | undefined }
  /** Comes again later. */
  | { readonly kind: 'wait'; readonly why: string; readonly tenantId: string | undefined }
  /** Waits for somebody of FINANCE. */
  | { readonly kind: 'fail'; readonly why: string; readonly tenantId: string | undefined };

/** After 5 seconds, then twice as long each time, up to an hour; sixteen times in all: for about half a day. */
export const attemptsMax = 16;
const firstPauseMs = 5_000;
const pauseMsMax = 3_600_000;
const errorLengthMax = 500;

/** Saves what came of an attempt, unless another process has saved a later one. */
export async function saveFate(tx: Tx, { id, attempts }: Webhook, fate: Fate, now: Date): Promise<void> {
  const pauseMs = Math.min(firstPauseMs * 2 ** (attempts - 1), pauseMsMax);
  const isOver = fate.kind === 'fail' || (fate.kind === 'wait' && attempts >= attemptsMax);
  const ended = { nextAt: null, error: null, state: 'DONE' as const, doneAt: now };
  const data =
    fate.kind === 'done'
      ? ended
      : {
          error: storable(fate.why, errorLengthMax),
          ...(isOver ? { state: 'FAILED' as const, nextAt: null } : { nextAt: new Date(now.getTime() + pauseMs) }),
        };
  const about = fate.tenantId === undefined ? {} : { tenantId: fate.tenantId };
  await tx.webhookInbox.updateMany({ where: { id, state: 'RECEIVED', attempts }, data: { ...data, ...about } });
}

/** Deletes what was dealt with before `before`, oldest first. @returns how many */
export async function deleteDone(tx: Tx, before: Date, limit: number): Promise<number> {
  return tx.$executeRaw`
    DELETE FROM webhook_inbox WHERE id IN (
      SELECT id FROM webhook_inbox WHERE state = 'DONE' AND done_at <= ${before}
      ORDER BY done_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`;
}
