import { magicAccounts } from '../../../src/modules/providers/index.js';
import type { Random } from '../../../src/seed/random.js';
import { hourMs, type Person } from '../model/world.js';
import { tokenOf } from './cast.js';
import { askUntilAnswered } from './asking.js';
import { isTyped } from './perform.js';
import type { Reply } from './house.js';
import { count, type Stage, type Step } from './stage.js';
import { atOnce } from './time.js';

/** Where people want to be paid to: mostly a bank account that works. */
const numbers = ['0123456789', '1123456789', '2123456789', ...Object.values(magicAccounts)];

/**
 * Somebody in the storms' market wants their money at the bank. How it ends is the provider's to say, at a time that the model
 * does not know; what must be true of it is looked at in the rows and in the provider's book.
 */
export async function payout(stage: Stage, step: Step): Promise<void> {
  const { random, number } = step;
  const { storm, rows, tell, tally } = stage;
  count(tally.commands, 'payout');
  tell('somebody wants to be paid out');
  const who = random.pick(storm.people.filter(({ role }) => role === 'RUNNER' || role === 'CUSTOMER'));
  const known = await accountsOf(stage, who);
  const key = `payout ${number}`;
  if (known.length === 0 || (known.length < 10 && random.chance(20))) {
    const { rows: banks } = await rows.query<{ id: string }>('SELECT id FROM bank');
    const input = { bankId: banks[0]!.id, accountNumber: random.pick(numbers) };
    const document =
      'mutation ($input: AddPayoutAccountInput!, $key: String) { addPayoutAccount(input: $input, idempotencyKey: $key) { isReplay } }';
    typedOnly(stage, await send(stage, who, document, { input, key: `${key} account` }));
  }
  if (known.length > 3 && random.chance(15)) {
    const document =
      'mutation ($id: ID!, $key: String) { removePayoutAccount(id: $id, idempotencyKey: $key) { isReplay } }';
    typedOnly(stage, await send(stage, who, document, { id: random.pick(known), key: `${key} away` }));
  }
  const accounts = await accountsOf(stage, who);
  if (accounts.length === 0) return;
  const money = { minor: random.int(20_000, 60_000), currency: storm.currency };
  const topUp =
    'mutation ($money: MoneyInput!, $key: String) { topUpWallet(input: { amount: $money }, idempotencyKey: $key) { isReplay } }';
  if (random.chance(80)) typedOnly(stage, await send(stage, who, topUp, { money, key: `${key} first` }));
  const input = {
    payoutAccountId: random.pick(accounts),
    amount: { ...money, minor: drawMinor(random) },
    password: random.chance(90) ? 'a long password' : 'another password',
  };
  const document =
    'mutation ($input: RequestPayoutInput!, $key: String) { requestPayout(input: $input, idempotencyKey: $key) { isReplay payout { id } } }';
  const replies = await Promise.all(
    Array.from({ length: random.chance(25) ? 3 : 1 }, () => send(stage, who, document, { input, key })),
  );
  for (const reply of replies) typedOnly(stage, reply);
  const effects = replies.filter((reply) => reply.kind === 'data' && isFirst(reply.data)).length;
  if (effects > 1) stage.findings.breach('I10', `a payout was asked for ${effects} times with one key`);
}

/** Mostly what a wallet may hold; now and then what it cannot, or what somebody has to look at. */
function drawMinor(random: Random): number {
  if (random.chance(10)) return random.pick([0, -1, 10_000_000]);
  return random.chance(10) ? 120_000 : random.int(1_000, 50_000);
}

function isFirst(data: Readonly<Record<string, unknown>>): boolean {
  return !(Object.values(data)[0] as { readonly isReplay: boolean }).isReplay;
}

async function accountsOf({ rows }: Stage, { id }: Person): Promise<readonly string[]> {
  const sql = `SELECT id FROM payout_account WHERE user_id = $1 AND status = 'ACTIVE' ORDER BY created_at, id`;
  const { rows: found } = await rows.query<{ id: string }>(sql, [id]);
  return found.map((row) => row.id);
}

async function send(stage: Stage, by: Person, document: string, variables: object): Promise<Reply> {
  const token = await tokenOf(stage.house, stage.clock, by);
  return askUntilAnswered(stage, { token, document, variables: { ...variables } });
}

function typedOnly({ findings }: Stage, reply: Reply): void {
  if (reply.kind === 'lost' || (reply.kind === 'refused' && !isTyped(reply.code)))
    findings.breach('I17', `about a payout: ${JSON.stringify(reply)}`);
}

/** FINANCE looks at what waits, two of them at once now and then; one says yes, and one no. */
export async function review(stage: Stage, { random, number }: Step): Promise<void> {
  const { storm, rows, tell, tally } = stage;
  count(tally.commands, 'review');
  tell('payouts are looked at');
  const finance = storm.people.find(({ role }) => role === 'FINANCE')!;
  const { rows: waiting } = await rows.query<{ id: string }>(
    `SELECT id FROM payout WHERE state = 'REQUESTED' ORDER BY created_at LIMIT 3`,
  );
  const approve = 'mutation ($id: ID!, $key: String) { approvePayout(id: $id, idempotencyKey: $key) { isReplay } }';
  const reject =
    'mutation ($id: ID!, $key: String) { rejectPayout(id: $id, reason: "Too much.", idempotencyKey: $key) { isReplay } }';
  for (const { id } of waiting) {
    const documents = random.chance(30) ? [approve, reject] : [random.chance(70) ? approve : reject];
    const replies = await Promise.all(
      documents.map((document, at) => send(stage, finance, document, { id, key: `review ${number} ${id} ${at}` })),
    );
    for (const reply of replies) typedOnly(stage, reply);
    if (replies.filter(({ kind }) => kind === 'data').length > 1)
      stage.findings.breach('I11', `payout ${id} was approved and rejected`);
  }
}

/** What is due is handed over or asked about, on one worker or on several; the provider moves on too. */
export async function payoutRounds({ house, lossy, tally, tell }: Stage, { random }: Step): Promise<void> {
  const workers = random.pick([1, 1, 2, 3]);
  count(tally.schedules, workers === 1 ? 'payout round' : `payout rounds on ${workers}`);
  tell(`payout rounds ${workers}`);
  lossy.book.tick();
  await atOnce(workers, () => house.rounds.payouts());
}

const roundsMax = 2_000;
const open = `('QUEUED', 'SUBMITTING', 'PENDING', 'UNKNOWN', 'NEEDS_OTP')`;

/** The line is whole again, and whatever waited for somebody is settled: now every payout has to come to its end. */
export async function settlePayouts(stage: Stage): Promise<void> {
  const { house, lossy, rows, clock, findings } = stage;
  lossy.heal();
  house.mend();
  for (let round = 0; ; round += 1) {
    const { rows: waiting } = await rows.query<{ ref: string }>(
      `SELECT client_ref AS ref FROM payout WHERE state IN ${open}`,
    );
    if (waiting.length === 0) break;
    if (round >= roundsMax) return findings.breach('I11', `${waiting.length} payouts never end`);
    for (const { ref } of waiting) {
      lossy.book.confirmTransfer(ref);
      if (round > 2) lossy.book.payTransfer(ref);
    }
    clock.forward(hourMs / 4);
    await atOnce(1, () => house.rounds.payouts());
  }
  // What was paid may come back for a week.
  for (let day = 0; day < 9; day += 1) {
    clock.forward(24 * hourMs);
    for (let turn = 0; turn < 20; turn += 1) if ((await house.rounds.payouts()) === 0) break;
  }
}
