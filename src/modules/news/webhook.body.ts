import type { NewsRow } from './news.event.js';

/** The id that receivers tell repeated deliveries of one event by. */
export function eventIdOf(seq: bigint): string {
  return `evt_${seq}`;
}

/** What is signed and sent: the same bytes to every endpoint, and at every attempt. */
export function bodyOf({ seq, aggregateId, payload, createdAt }: NewsRow, topic: string): string {
  const subject = topic.startsWith('errand.') ? 'errandId' : 'aggregateId';
  const data = { [subject]: aggregateId, seq: Number(seq), ...(payload as object) };
  return JSON.stringify({ id: eventIdOf(seq), topic, createdAt: createdAt.toISOString(), data });
}
