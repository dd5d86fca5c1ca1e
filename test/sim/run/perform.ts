import { errorCodes } from '../../../src/kernel/index.js';
import type { Attempt, Hand, Payload, Seen } from '../plays/attempt.js';
import type { Question } from '../plays/reading.plays.js';
import { fingerprintOf } from '../proof/rows.js';
import { askUntilAnswered, repeatUntilAnswered, type RepeatedAnswer } from './asking.js';
import { tokenOf } from './cast.js';
import type { Call, Reply } from './house.js';
import { count, type Stage, type Step } from './stage.js';

export interface PerformOptions {
  /** Breaks the way to the database at the nth statement of this call. */
  readonly cut?: { readonly nth: number; readonly at: 'request' | 'answer' };
  /** Between the broken call and its repetition. */
  readonly meanwhile?: () => Promise<void>;
}

export function handOf({ world, clock }: Stage, { random, number }: Step, isWild: boolean): Hand {
  return { world, random, nowMs: clock.now().getTime(), isWild, step: number };
}

/** Does it at the door, and holds what comes of it against what the model said. */
export async function perform(stage: Stage, step: Step, attempt: Attempt, options: PerformOptions = {}): Promise<void> {
  const { house, clock, tally, tell, answered } = stage;
  const { by, document, variables, predicted, isKeyed, about, label } = attempt;
  const key = `step ${step.number}`;
  const isSampled = 'refused' in predicted && about !== undefined && step.random.chance(25);
  const token = by && (await tokenOf(house, clock, by));
  const before = isSampled ? await fingerprintOf(stage.rows, about.id) : undefined;
  const found = await attempt.lookUp?.(stage.rows);
  const call = { token, document, variables: { ...variables, ...found, ...(isKeyed && { key }) } };
  const { reply, repeats } = options.cut
    ? await askBroken(stage, call, options)
    : await repeatUntilAnswered(stage, call);
  count(tally.commands, label.split(' ')[0]!);
  tell(`${label}: ${reply.kind === 'refused' ? reply.code : 'done'}`);
  const payload = judge(stage, attempt, reply, repeats > 0);
  if (before !== undefined && before !== (await fingerprintOf(stage.rows, about!.id)))
    stage.findings.breach('I17', `${label} was refused and changed rows of ${about!.name}`);
  if (!payload || !isKeyed) return;
  answered.push({ attempt, key, payload, atMs: clock.now().getTime() });
  if (answered.length > 40) answered.shift();
}

/** The way to the database breaks under the call; the caller does what it may: it repeats it with its key. */
async function askBroken(stage: Stage, call: Call, { cut, meanwhile }: PerformOptions): Promise<RepeatedAnswer> {
  const { house, tally, findings } = stage;
  count(tally.faults, cut!.at === 'request' ? 'cutBeforeStatement' : 'cutAfterStatement');
  house.cutAt(cut!.nth, cut!.at);
  const first = await house.ask(call);
  house.mend();
  await meanwhile?.();
  const { reply } = await repeatUntilAnswered(stage, call);
  // A call that was answered before anything broke is answered the same again.
  if (first.kind === 'data' && reply.kind !== 'data')
    findings.breach('I10', `a call was done, and repeated it is ${JSON.stringify(reply)}`);
  findings.look('I23');
  return { reply, repeats: 1 };
}

/** @returns the payload of a move that was made */
function judge(
  stage: Stage,
  { predicted, label, isKeyed }: Attempt,
  reply: Reply,
  wasRepeated: boolean,
): Payload | undefined {
  const { findings } = stage;
  if (reply.kind === 'lost') return void findings.breach('model', `${label}: no answer, ${reply.why}`);
  if (reply.kind === 'refused') return void judgeRefusal(stage, predicted, label, reply);
  if ('refused' in predicted)
    return void findings.breach('I17', `${label} was done, it is to be refused with ${predicted.refused.join(' or ')}`);
  const payload = Object.values(reply.data)[0] as Payload;
  if (isKeyed && payload.isReplay && !wasRepeated)
    findings.breach('I10', `${label} is new and was answered as a replay`);
  const problem = differenceOf(predicted.done(payload), payload);
  if (problem) findings.breach('model', `${label}: ${problem}`);
  else findings.look('model');
  return payload;
}

function judgeRefusal(
  { findings }: Stage,
  predicted: Attempt['predicted'],
  label: string,
  { code, message }: Reply & { readonly kind: 'refused' },
): void {
  if (!isTyped(code)) return findings.breach('I17', `${label}: ${code}, which is no typed error: ${message}`);
  if (!('refused' in predicted))
    return findings.breach('model', `${label} is to be done and was refused: ${code} ${message}`);
  if (!predicted.refused.includes(code))
    return findings.breach('model', `${label}: ${code}, not ${predicted.refused.join(' or ')}: ${message}`);
  predicted.also?.();
  findings.look('I17');
}

const typed: ReadonlySet<string> = new Set(errorCodes);

export function isTyped(code: string): boolean {
  return typed.has(code);
}

/** How the answer differs from what the model made of the same move. */
function differenceOf(seen: Seen | undefined, payload: Payload): string | undefined {
  const { errand, escrow, dispute, wallet, review } = seen ?? {};
  const shown = payload.errand;
  if (errand && shown && (shown.state !== errand.state || shown.version !== errand.version))
    return `the errand is ${shown.state} ${shown.version}, not ${errand.state} ${errand.version}`;
  if (escrow && payload.escrow) {
    const { state, released, refunded } = payload.escrow;
    const [out, back] = [BigInt(released.minor), BigInt(refunded.minor)];
    if (state !== escrow.state || out !== escrow.released || back !== escrow.refunded)
      return `the escrow is ${state} ${out} ${back}, not ${escrow.state} ${escrow.released} ${escrow.refunded}`;
  }
  if (dispute && payload.dispute && payload.dispute.state !== dispute.state)
    return `the dispute is ${payload.dispute.state}, not ${dispute.state}`;
  if (review && payload.review?.version !== review.version)
    return `the review is at version ${payload.review?.version}, not ${review.version}`;
  if (wallet !== undefined && payload.wallet && BigInt(payload.wallet.balance.minor) !== wallet)
    return `the wallet holds ${payload.wallet.balance.minor}, not ${wallet}`;
  return undefined;
}

/** Says something twice: with the key of an earlier call, the same or something else. */
export async function replay(stage: Stage, { random }: Step): Promise<void> {
  const { answered, clock, house, findings, tally, tell } = stage;
  const nowMs = clock.now().getTime();
  const parties = answered.filter(
    ({ attempt: { by }, atMs }) => (by?.role === 'CUSTOMER' || by?.role === 'RUNNER') && nowMs - atMs < keyLifeMs,
  );
  if (parties.length === 0) return;
  const { attempt, key, payload } = random.pick(parties);
  const isSame = random.chance(70);
  const variables = isSame ? attempt.variables : otherThan(attempt.variables);
  const token = await tokenOf(house, clock, attempt.by!);
  const reply = await askUntilAnswered(stage, { token, document: attempt.document, variables: { ...variables, key } });
  count(tally.commands, isSame ? 'sameAgain' : 'otherWithTheKey');
  tell(`${isSame ? 'again' : 'otherwise'} ${attempt.label}: ${reply.kind === 'refused' ? reply.code : 'done'}`);
  if (!isSame) {
    if (reply.kind === 'refused' && reply.code === 'IDEMPOTENCY_CONFLICT') findings.look('I10');
    else findings.breach('I10', `the key of ${attempt.label} took another request: ${JSON.stringify(reply)}`);
    return;
  }
  const first = keptOf({ ...payload, isReplay: true });
  const second = reply.kind === 'data' ? keptOf(Object.values(reply.data)[0] as Payload) : JSON.stringify(reply);
  if (first === second) findings.look('I10');
  else findings.breach('I10', `${attempt.label} was answered ${first}, and again ${second}`);
}

/** What is kept of an answer; a dispute's decisions are read anew. */
function keptOf({ dispute, ...rest }: Payload): string {
  const { decisions: _, ...kept } = dispute ?? { id: '' };
  return JSON.stringify({ ...rest, dispute: kept });
}

const keyLifeMs = 24 * 60 * 60 * 1000 - 1;

function otherThan(variables: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { input } = variables as { input?: Readonly<Record<string, unknown>> };
  if (input && 'amount' in input) {
    const amount = input['amount'] as { readonly minor: string };
    return { ...variables, input: { ...input, amount: { ...amount, minor: `${BigInt(amount.minor) + 1n}` } } };
  }
  if (input && 'title' in input) return { ...variables, input: { ...input, title: 'Something else' } };
  if ('userId' in variables) return { ...variables, userId: '00000000-0000-7000-8000-000000000000' };
  return { ...variables, expectedVersion: 999 };
}

/** Somebody looks at something; what may not be seen is not shown, and what is shown is so. */
export async function ask(stage: Stage, question: Question): Promise<void> {
  const { house, clock, findings, tally, tell } = stage;
  const { by, document, variables, refused, label } = question;
  const token = by && (await tokenOf(house, clock, by));
  const reply = await askUntilAnswered(stage, { token, document, variables });
  count(tally.commands, 'read');
  tell(`read ${label}: ${reply.kind === 'refused' ? reply.code : 'shown'}`);
  if (reply.kind === 'lost') return findings.breach('model', `${label}: no answer, ${reply.why}`);
  if (reply.kind === 'refused') {
    if (refused?.includes(reply.code)) return findings.look('I18');
    return findings.breach(isTyped(reply.code) ? 'model' : 'I17', `${label}: ${reply.code} ${reply.message}`);
  }
  if (refused) return findings.breach('I18', `${label} was answered, it is to be refused with ${refused.join(' or ')}`);
  const problem = question.judge(reply.data);
  if (problem) findings.breach('I18', problem);
  else findings.look('I18');
}
