import type { Person } from '../model/world.js';
import type { Reply } from './house.js';

/** An errand that was led to where a storm breaks loose. */
export interface Eye {
  readonly customer: Person;
  readonly runners: readonly Person[];
  readonly errandId: string;
  readonly offers: readonly string[];
}

interface Gust {
  readonly by: Person;
  readonly name: string;
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface Storm {
  readonly name: string;
  /** How far the errand is led before. */
  readonly from: 'offered' | 'accepted' | 'funded' | 'delivered';
  readonly gusts: (eye: Eye, key: string) => readonly Gust[];
  /** Rounds of timers in it, on as many workers; by then the time to look at the proof is over. */
  readonly workers?: number;
  /** What is wrong with how it ended; the names of those who were told it is done. */
  readonly judge: (done: readonly string[], replies: readonly Reply[]) => string | undefined;
}

const errandId = (eye: Eye) => ({ errandId: eye.errandId });
const confirm = 'mutation ($errandId: ID!) { confirmDelivery(errandId: $errandId) { isReplay } }';
export const fund =
  'mutation ($errandId: ID!, $key: String) { fundEscrow(errandId: $errandId, idempotencyKey: $key) { isReplay } }';
const start = 'mutation ($errandId: ID!) { startErrand(id: $errandId) { isReplay } }';
const drop = 'mutation ($errandId: ID!) { dropErrand(id: $errandId) { isReplay } }';
const cancel = 'mutation ($errandId: ID!) { cancelErrand(id: $errandId) { isReplay } }';
const dispute =
  'mutation ($errandId: ID!, $input: OpenDisputeInput!) { openDispute(errandId: $errandId, input: $input) { isReplay } }';
const accept = 'mutation ($offerId: ID!) { acceptOffer(offerId: $offerId) { isReplay } }';
const counter = 'mutation ($offerId: ID!) { counterOffer(offerId: $offerId, input: { amountMinor: 5 }) { isReplay } }';
const withdraw = 'mutation ($offerId: ID!) { withdrawOffer(offerId: $offerId) { isReplay } }';

function times(number: number, gust: Gust): readonly Gust[] {
  return Array.from({ length: number }, () => gust);
}

function one(what: string): (done: readonly string[]) => string | undefined {
  return (done) => (done.length === 1 ? undefined : `${done.length} of ${what} were done: ${done.join(', ')}`);
}

export const storms: readonly Storm[] = [
  {
    name: 'accept',
    from: 'offered',
    gusts: ({ customer, offers }) =>
      offers.flatMap((offerId) => times(4, { by: customer, name: 'accept', document: accept, variables: { offerId } })),
    judge: one('all acceptances'),
  },
  {
    name: 'accept, counter and withdraw',
    from: 'offered',
    gusts({ customer, runners, offers: [offerId] }) {
      const answered = { by: customer, variables: { offerId } };
      return [
        ...times(3, { ...answered, name: 'accept', document: accept }),
        ...times(3, { ...answered, name: 'counter', document: counter }),
        ...times(2, { ...answered, by: runners[0]!, name: 'withdraw', document: withdraw }),
      ];
    },
    judge: one('answers to a price'),
  },
  {
    name: 'fund and cancel',
    from: 'accepted',
    gusts: (eye) => [
      ...times(5, { by: eye.customer, name: 'fund', document: fund, variables: errandId(eye) }),
      ...times(2, { by: eye.customer, name: 'cancel', document: cancel, variables: errandId(eye) }),
    ],
    judge: (done) => {
      const often = ['fund', 'cancel'].filter((name) => done.filter((other) => other === name).length > 1);
      return often.length > 0 ? `done more than once: ${often.join(', ')}` : undefined;
    },
  },
  {
    name: 'one key',
    from: 'accepted',
    gusts: (eye, key) =>
      times(8, { by: eye.customer, name: 'fund', document: fund, variables: { ...errandId(eye), key } }),
    judge(done, replies) {
      const payloads = replies.flatMap((reply) => (reply.kind === 'data' ? Object.values(reply.data) : []));
      const effects = payloads.filter((payload) => !(payload as { readonly isReplay: boolean }).isReplay).length;
      return effects === 1 && done.length === 8
        ? undefined
        : `${done.length} of 8 were answered, ${effects} had the effect`;
    },
  },
  {
    name: 'confirm and dispute',
    from: 'delivered',
    gusts: (eye) => {
      const input = { reason: 'It never came to my door.', claimMinor: '1000' };
      const disputed = { name: 'dispute', document: dispute, variables: { ...errandId(eye), input } };
      return [
        ...times(4, { by: eye.customer, name: 'confirm', document: confirm, variables: errandId(eye) }),
        ...times(2, { by: eye.customer, ...disputed }),
        ...times(2, { by: eye.runners[0]!, ...disputed }),
      ];
    },
    judge: one('confirmations and disputes'),
  },
  {
    name: 'start, cancel and drop',
    from: 'funded',
    gusts: (eye) => [
      ...times(2, { by: eye.runners[0]!, name: 'start', document: start, variables: errandId(eye) }),
      ...times(2, { by: eye.customer, name: 'cancel', document: cancel, variables: errandId(eye) }),
      ...times(2, { by: eye.runners[0]!, name: 'drop', document: drop, variables: errandId(eye) }),
    ],
    judge: (done) => (done.length === 0 ? 'nobody got through' : undefined),
  },
  {
    name: 'confirm and automatic release',
    from: 'delivered',
    workers: 3,
    gusts: (eye) => times(4, { by: eye.customer, name: 'confirm', document: confirm, variables: errandId(eye) }),
    judge: (done) => (done.length > 1 ? `${done.length} confirmations were done` : undefined),
  },
];
