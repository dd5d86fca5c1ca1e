import { setTimeout as pause } from 'node:timers/promises';
import { uuidOf } from '../../../src/kernel/index.js';
import type { Webhook } from '../../../src/modules/providers/index.js';
import type { Random } from '../../../src/seed/random.js';
import type { Charge } from '../model/charge.js';
import { hourMs } from '../model/world.js';
import { leftOf, takenBack } from '../plays/chargeback.plays.js';
import { cameIn } from '../plays/top-up.plays.js';
import { compareWorld } from '../proof/rows.js';
import { askUntilAnswered } from './asking.js';
import { tokenOf } from './cast.js';
import { count, type Stage, type Step } from './stage.js';
import { isAway } from './time.js';

/** What the provider has told by now arrives in any order, late, twice, or never; what was told long ago comes once more. */
export async function webhooks(stage: Stage, { random }: Step): Promise<void> {
  stage.tell('webhooks');
  const { lately } = stage.lossy.post;
  const again = lately.length > 0 && random.chance(40) ? [random.pick(lately), random.pick(lately)] : [];
  await deliver(stage, random, [...mishaps(stage, random), ...again]);
  await looked(stage);
}

/** Loses some of what waits, doubles some, and keeps some back. */
function mishaps({ lossy, tally }: Stage, random: Random): readonly Webhook[] {
  return lossy.post.empty().flatMap((webhook) => {
    const fate = random.int(1, 100);
    if (fate <= 15) {
      count(tally.faults, 'webhook lost');
      return [];
    }
    if (fate <= 35) {
      count(tally.faults, 'webhook held back');
      lossy.post.put(webhook);
      return [];
    }
    if (fate > 80) count(tally.faults, 'webhook twice');
    return fate > 80 ? [webhook, webhook] : [webhook];
  });
}

const atOnceMax = 3;

/** Shuffled, some at the same moment. Resolves when nothing of it is left to be followed up. */
export async function deliver(stage: Stage, random: Random, given: readonly Webhook[]): Promise<void> {
  const left = shuffled(random, given);
  count(stage.tally.schedules, 'webhooks', left.length);
  while (left.length > 0) {
    const together = left.splice(0, random.int(1, atOnceMax));
    await Promise.all(together.map((webhook) => untilTaken(stage, webhook)));
  }
  await followedUp(stage);
}

function shuffled<T>(random: Random, given: readonly T[]): T[] {
  const all = [...given];
  for (let at = all.length - 1; at > 0; at -= 1) {
    const other = random.int(0, at);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}

const triesMax = 100;

/** The database may be away for a moment; providers repeat what is not taken. */
async function untilTaken({ house, findings }: Stage, webhook: Webhook): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const status = await house.hear(webhook);
    if (status === 200) return;
    if (status !== 503 || tries >= triesMax)
      return findings.breach('I13', `a webhook is answered ${status}: ${webhook.body}`);
    await pause(20);
  }
}

/** What waits for a later attempt has it now: how late something is followed up does not matter either. */
async function followedUp({ house, rows, clock, findings }: Stage): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    await house.rounds.webhooks().catch((error: unknown) => {
      if (!isAway(error)) throw error;
    });
    const { rows: found } = await rows.query<{ id: string }>(`SELECT id FROM webhook_inbox WHERE state = 'RECEIVED'`);
    if (found.length === 0) return;
    if (tries >= triesMax) return findings.breach('I13', `${found.length} webhooks are never followed up`);
    await pause(20);
    if (tries % 10 === 9)
      await rows.query(`UPDATE webhook_inbox SET next_at = $1 WHERE state = 'RECEIVED'`, [clock.now()]);
  }
}

/** Balances are what the rules say, however the news came. */
async function looked({ rows, world, findings }: Stage): Promise<void> {
  const before = findings.breaches.length;
  await compareWorld(rows, world, findings);
  if (findings.breaches.length > before) findings.breach('I13', 'webhooks left other balances than the rules say');
  else findings.look('I13');
}

const ways = ['webhook', 'webhook twice', 'asked about', 'in a round', 'all at once'] as const;

/** Somebody pays at the provider what they began to pay before; that news comes in one of several ways. */
export async function payerPays(stage: Stage, { random }: Step): Promise<void> {
  const { world, lossy, clock, house, tally, tell } = stage;
  const pending = world.charges.filter(({ isPending }) => isPending);
  if (pending.length === 0) return;
  const charge = random.pick(pending);
  const way = random.pick(ways);
  count(tally.commands, 'payAtTheProvider');
  tell(`${charge.name} is paid: ${way}`);
  lossy.book.succeedCharge(charge.providerRef);
  const told = lossy.post.empty();
  if (way === 'webhook') await deliver(stage, random, told);
  if (way === 'webhook twice') await deliver(stage, random, [...told, ...told]);
  if (way === 'in a round') {
    clock.forward(7 * hourMs);
    await house.rounds.charges().catch(ifAway);
  }
  if (way === 'all at once')
    await Promise.all([
      deliver(stage, random, told),
      house.rounds.charges().catch(ifAway),
      verify(stage, charge),
      verify(stage, charge),
    ]);
  await untilIn(stage, charge);
  charge.isPending = false;
  cameIn(charge.person, charge.amount);
  await looked(stage);
}

function ifAway(error: unknown): void {
  if (!isAway(error)) throw error;
}

/** On a bad line the provider may have to be asked several times. */
async function untilIn(stage: Stage, charge: Charge): Promise<void> {
  for (let tries = 0; tries < triesMax; tries += 1) if ((await verify(stage, charge)) === 'SUCCEEDED') return;
  stage.findings.breach('I13', `${charge.name} was paid and does not come in`);
}

async function verify(stage: Stage, { person, providerRef }: Charge): Promise<string> {
  const token = await tokenOf(stage.house, stage.clock, person);
  const document = 'mutation ($id: ID!) { verifyCharge(chargeId: $id) { charge { state } } }';
  const reply = await askUntilAnswered(stage, { token, document, variables: { id: providerRef } });
  if (reply.kind !== 'data') throw new Error(`${person.name} asks about a charge: ${JSON.stringify(reply)}`);
  return (reply.data['verifyCharge'] as { readonly charge: { readonly state: string } }).charge.state;
}

/** The provider takes money back and tells so, among other news, once or twice. */
export async function takeBack(stage: Stage, { random, number }: Step): Promise<void> {
  const { world, lossy, tally, tell } = stage;
  const booked = world.charges.slice(-40).filter(({ isPending }) => !isPending);
  if (booked.length === 0) return;
  const charge = random.pick(booked);
  const { paid, chargedBack = 0n } = lossy.book.chargeOf(charge.providerRef) ?? {};
  const theirs = (paid?.minor ?? 0n) - chargedBack;
  const left = leftOf(charge) < theirs ? leftOf(charge) : theirs;
  if (left < 1n) return;
  const amount = random.chance(50) ? left : left / 2n || 1n;
  const name = `event at the provider ${number}`;
  count(tally.commands, 'chargebackByWebhook');
  tell(`${charge.name} ${name} takes back ${amount}`);
  const others = lossy.post.empty();
  lossy.book.chargeBack(charge.providerRef, amount);
  const told = lossy.post.empty();
  const isTwice = random.chance(40);
  await deliver(stage, random, [...others, ...told, ...(isTwice ? told : [])]);
  const { id: eventId } = JSON.parse(told.at(-1)!.body) as { readonly id: string };
  const journalId = uuidOf(`journal:chargeback:sandbox:${eventId}`);
  takenBack(charge, { name, eventId, earlier: undefined, amount, left, byHouse: false, isTold: true }, journalId);
  await looked(stage);
}

/** At the end all that was ever told comes once more, in another order: not one row of the books moves. */
export async function toldAgain(stage: Stage, random: Random): Promise<void> {
  const { lossy, rows, findings } = stage;
  await deliver(stage, random, lossy.post.empty());
  const before = await printOf(stage);
  const all = [...lossy.post.lately];
  await deliver(stage, random, [...all, ...all]);
  if ((await printOf(stage)) === before) findings.look('I13', all.length);
  else findings.breach('I13', 'webhooks that were told again moved money');
  const { rows: failed } = await rows.query<{ error: string }>(
    `SELECT DISTINCT error FROM webhook_inbox WHERE state = 'FAILED' LIMIT 5`,
  );
  if (failed.length > 0) findings.breach('I13', `webhooks failed: ${failed.map(({ error }) => error).join('; ')}`);
}

async function printOf({ rows }: Stage): Promise<string> {
  const { rows: found } = await rows.query<{ print: string }>(
    `SELECT (SELECT count(*) FROM journal)::text || ' ' || (SELECT md5(string_agg(concat_ws(' ', a.id, a.debits, a.credits), '|' ORDER BY a.id)) FROM ledger_account a)
       || ' ' || (SELECT md5(string_agg(concat_ws(' ', c.id, c.state, c.received), '|' ORDER BY c.id)) FROM charge c) AS print`,
  );
  return found[0]!.print;
}
