import { Client } from 'pg';
import { hourMs, type Person } from '../model/world.js';
import { snapshotSums } from '../proof/rows.js';
import { tokenOf } from './cast.js';
import type { Call, Reply } from './house.js';
import { askUntilAnswered } from './asking.js';
import { isTyped } from './perform.js';
import { count, type Stage, type Step } from './stage.js';
import { fireAll } from './time.js';

/** An errand that was led to where a storm breaks loose. */
interface Eye {
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

interface Storm {
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
const fund =
  'mutation ($errandId: ID!, $key: String) { fundEscrow(errandId: $errandId, idempotencyKey: $key) { isReplay } }';
const start = 'mutation ($errandId: ID!) { startErrand(id: $errandId) { isReplay } }';
const drop = 'mutation ($errandId: ID!) { dropErrand(id: $errandId) { isReplay } }';
const cancel = 'mutation ($errandId: ID!) { cancelErrand(id: $errandId) { isReplay } }';
const dispute =
  'mutation ($errandId: ID!, $input: OpenDisputeInput!) { openDispute(errandId: $errandId, input: $input) { isReplay } }';
const accept = 'mutation ($offerId: ID!) { acceptOffer(offerId: $offerId) { isReplay } }';

function times(number: number, gust: Gust): readonly Gust[] {
  return Array.from({ length: number }, () => gust);
}

function one(what: string): (done: readonly string[]) => string | undefined {
  return (done) => (done.length === 1 ? undefined : `${done.length} of ${what} were done: ${done.join(', ')}`);
}

const storms: readonly Storm[] = [
  {
    name: 'accept',
    from: 'offered',
    gusts: ({ customer, offers }) =>
      offers.flatMap((offerId) => times(4, { by: customer, name: 'accept', document: accept, variables: { offerId } })),
    judge: one('all acceptances'),
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

/** Many at once, from connections of their own: nobody can say who wins, only what must be true of it. */
export async function storm(stage: Stage, { random, number }: Step): Promise<void> {
  const { tally, tell, clock, findings, house } = stage;
  const { name, from, gusts, workers = 0, judge } = random.pick(storms);
  count(tally.schedules, `storm: ${name}`);
  tell(`storm: ${name}`);
  const eye = await leadTo(stage, from, `storm ${number}`);
  if (workers > 0) clock.forward(73 * hourMs);
  const calls: { readonly what: string; readonly call: Call }[] = [];
  for (const { by, name: what, ...call } of gusts(eye, `storm ${number}`))
    calls.push({ what, call: { ...call, token: await tokenOf(house, clock, by) } });
  const reader = new Client({ connectionString: stage.databaseUrl });
  await reader.connect();
  const [replies, sums] = await Promise.all([
    Promise.all(calls.map(async ({ what, call }) => ({ what, reply: await askUntilAnswered(stage, call) }))),
    repeated(3, () => snapshotSums(reader)),
    workers > 0 ? fireAll(stage, workers) : undefined,
  ]);
  await reader.end();
  count(tally.commands, 'inStorms', calls.length);
  if (sums.flat().length > 0) findings.breach('I2', sums.flat().join('; '));
  else findings.look('I2', sums.length);
  for (const { what, reply } of replies)
    if (reply.kind === 'lost' || (reply.kind === 'refused' && !isTyped(reply.code)))
      findings.breach('I17', `${what} in a storm: ${JSON.stringify(reply)}`);
  const done = replies.filter(({ reply }) => reply.kind === 'data').map(({ what }) => what);
  const problem = judge(
    done,
    replies.map(({ reply }) => reply),
  );
  const what = name === 'accept' ? 'I8' : name === 'one key' ? 'I10' : 'I7';
  if (problem) findings.breach(what, `storm of ${name}: ${problem}`);
  else findings.look(what);
}

async function repeated<T>(number: number, work: () => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  for (let turn = 0; turn < number; turn += 1) results.push(await work());
  return results;
}

/** Leads an errand of the storms' own market to where one breaks loose. @throws Error when the calm road is barred */
async function leadTo(stage: Stage, until: Storm['from'], key: string): Promise<Eye> {
  const { storm: market, house, clock } = stage;
  const customer = market.people.find(({ role }) => role === 'CUSTOMER')!;
  const runners = market.people.filter(({ role }) => role === 'RUNNER');
  let turn = 0;
  const call = async <T>(by: Person, document: string, variables: object): Promise<T> => {
    turn += 1;
    const token = await tokenOf(house, clock, by);
    const reply = await askUntilAnswered(stage, {
      token,
      document,
      variables: { ...variables, key: `${key} ${turn}` },
    });
    if (reply.kind === 'data') return Object.values(reply.data)[0] as T;
    throw new Error(`before the storm, ${by.name}: ${JSON.stringify(reply)}`);
  };
  const price = { minor: 300_000, currency: market.currency };
  await call(
    customer,
    'mutation ($price: MoneyInput!, $key: String) { topUpWallet(input: { amount: $price }, idempotencyKey: $key) { isReplay } }',
    { price },
  );
  const posted = await call<{ errand: { id: string } }>(
    customer,
    'mutation ($price: MoneyInput!, $key: String) { postErrand(input: { title: "Storm", description: "Wind.", category: OTHER, area: "Osu", budget: $price, publish: true }, idempotencyKey: $key) { errand { id } } }',
    { price },
  );
  const { id } = posted.errand;
  const offers: string[] = [];
  for (const runner of runners) {
    const made = await call<{ offer: { id: string } }>(
      runner,
      'mutation ($id: ID!, $key: String) { makeOffer(errandId: $id, input: { amountMinor: 300000 }, idempotencyKey: $key) { offer { id } } }',
      { id },
    );
    offers.push(made.offer.id);
  }
  const eye = { customer, runners, errandId: id, offers };
  if (until === 'offered') return eye;
  await call(
    customer,
    'mutation ($offerId: ID!, $key: String) { acceptOffer(offerId: $offerId, idempotencyKey: $key) { isReplay } }',
    { offerId: offers[0] },
  );
  if (until === 'accepted') return eye;
  await call(customer, fund, { errandId: id });
  if (until === 'funded') return eye;
  await call(
    runners[0]!,
    'mutation ($id: ID!, $key: String) { startErrand(id: $id, idempotencyKey: $key) { isReplay } }',
    { id },
  );
  const proofs = [{ kind: 'PHOTO', sha256: 'ab'.repeat(32) }];
  await call(
    runners[0]!,
    'mutation ($id: ID!, $proofs: [ProofInput!]!, $key: String) { submitProof(id: $id, proofs: $proofs, idempotencyKey: $key) { isReplay } }',
    { id, proofs },
  );
  return eye;
}
