import { transitionTopic, type ErrandState, type TransitionName } from '../errands/index.js';

/** A row of the outbox, as it was committed. */
export interface NewsRow {
  /** Grows with each transition of one errand. Between errands it says nothing: a smaller one may be committed later. */
  readonly seq: bigint;
  readonly tenantId: string;
  readonly topic: string;
  readonly aggregateId: string;
  readonly payload: unknown;
  readonly createdAt: Date;
}

/** A transition of an errand, as its news tells it. */
export interface ErrandNews {
  readonly seq: bigint;
  readonly tenantId: string;
  readonly errandId: string;
  readonly transition: TransitionName | 'post';
  /** Null when the errand was just written down. */
  readonly from: ErrandState | null;
  readonly to: ErrandState;
  /** Null for a timer. */
  readonly actorId: string | null;
  readonly actorRole: string;
  /** Null in news of a version that did not say so yet. */
  readonly customerId: string | null;
  /** Whose errand it is, or was until this transition, or whose offer it is about. */
  readonly runnerId: string | null;
  /** Of the errand, as the transition left it. */
  readonly version: number;
  readonly at: Date;
}

type Payload = Omit<ErrandNews, 'seq' | 'tenantId' | 'errandId' | 'at' | 'customerId' | 'runnerId'> &
  Partial<Pick<ErrandNews, 'customerId' | 'runnerId'>> & { readonly at: string };

/** Undefined for news of something else than an errand. */
export function errandNewsOf({ seq, tenantId, topic, aggregateId, payload }: NewsRow): ErrandNews | undefined {
  if (topic !== transitionTopic) return undefined;
  const { at, customerId = null, runnerId = null, ...told } = payload as Payload;
  return { ...told, customerId, runnerId, seq, tenantId, errandId: aggregateId, at: new Date(at) };
}

/** What the news is called outside: `errand.confirm`. */
export function topicOf({ topic, payload }: Pick<NewsRow, 'topic' | 'payload'>): string {
  const { transition } = (payload ?? {}) as { readonly transition?: string };
  return topic.endsWith(transitionSuffix) && transition
    ? `${topic.slice(0, -transitionSuffix.length)}.${transition}`
    : topic;
}

const transitionSuffix = '.transition';
