import { Client } from 'pg';
import { hourMs, type Person } from '../model/world.js';
import { snapshotSums } from '../proof/rows.js';
import { tokenOf } from './cast.js';
import type { Call } from './house.js';
import { askUntilAnswered } from './asking.js';
import { isTyped } from './perform.js';
import { count, type Stage, type Step } from './stage.js';
import { fund, storms, type Eye, type Storm } from './storm.kinds.js';
import { fireAll } from './time.js';

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
