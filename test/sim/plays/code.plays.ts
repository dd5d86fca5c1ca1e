import { deliveredInSilence, payOut } from '../model/money.js';
import { complete, moveTo } from '../model/timers.js';
import { dayMs, hourMs, isTooLateToStart, minuteMs, type Code, type Errand, type Phase } from '../model/world.js';
import { errandPlay, type DrawnInput, type ErrandMove, type Hand, type Play } from './attempt.js';
import { answer } from './escrow.plays.js';

const codeLifeMs = 7 * dayMs;
const guessesMax = 5;
const codesMax = 10;
const lateMsMax = 48 * hourMs;
const aheadMsMax = 5 * minuteMs;

function usable(errand: Errand, phase: Phase, nowMs: number): Code | undefined {
  const code = errand.codes[phase];
  return code && !code.isUsed && code.expiresAtMs > nowMs && code.guesses < guessesMax ? code : undefined;
}

/** For whom a customer who thinks of it asks for a code. */
function lackingCode(errand: Errand, nowMs: number): Phase | undefined {
  if (errand.state === 'ASSIGNED')
    return errand.requires.includes('PICKUP') && !usable(errand, 'PICKUP', nowMs) ? 'PICKUP' : undefined;
  return usable(errand, 'DROPOFF', nowMs) ? undefined : 'DROPOFF';
}

const issueMove: ErrandMove = {
  name: 'issueHandoverCode',
  weight: 7,
  idName: 'errandId',
  isKeyed: false,
  document: `mutation ($errandId: ID!, $phase: HandoverPhase!, $expectedVersion: Int) { issueHandoverCode(errandId: $errandId, phase: $phase, expectedVersion: $expectedVersion) { code errand { id state version } } }`,
  rule: { actors: ['customer'], from: ['ASSIGNED', 'IN_PROGRESS', 'DELIVERED'] },
  who: ({ customer }) => customer,
  suits: (errand, { nowMs }) => lackingCode(errand, nowMs) !== undefined,
  input: (errand, hand) => issuing(errand, hand, drawPhase(errand, hand)),
};

function drawPhase(errand: Errand, { random, isWild, nowMs }: Hand): Phase {
  return isWild ? random.pick(['PICKUP', 'DROPOFF'] as const) : (lackingCode(errand, nowMs) ?? 'DROPOFF');
}

function issuing(errand: Errand, { nowMs }: Hand, phase: Phase): DrawnInput {
  const lately = errand.codesIssuedAtMs.filter((atMs) => atMs > nowMs - hourMs);
  const isOver = phase === 'PICKUP' && errand.state !== 'ASSIGNED';
  return {
    variables: { phase },
    label: phase,
    refused: isOver ? 'ILLEGAL_TRANSITION' : lately.length >= codesMax ? 'LIMIT_EXCEEDED' : undefined,
    done: ({ code }) => {
      errand.codesIssuedAtMs.push(nowMs);
      const expiresAtMs = nowMs + codeLifeMs;
      errand.codes[phase] = { text: code!, issuedAtMs: nowMs, expiresAtMs, guesses: 0, isUsed: false };
      return { errand };
    },
  };
}

/** What somebody says at a door, and what comes of it. */
interface Said {
  readonly text: string | undefined;
  readonly label: string;
  readonly refused: string | undefined;
  /** It was looked at, and counts as a guess. */
  readonly counts: Code | undefined;
}

/** @param takenAtMs when it was told, by whoever says it now */
function say(errand: Errand, phase: Phase, { random, isWild, nowMs }: Hand, takenAtMs: number = nowMs): Said {
  const code = errand.codes[phase];
  const isRight = code !== undefined && random.chance(isWild ? 40 : 80);
  const text = isRight ? code.text : another(code?.text ?? '123455');
  const label = isRight ? 'the right code' : 'another code';
  const refused = !code || code.isUsed ? 'ILLEGAL_TRANSITION' : refusalOf(code, nowMs, takenAtMs);
  if (refused !== undefined) return { text, label, refused, counts: undefined };
  return { text, label, refused: isRight ? undefined : 'BAD_INPUT', counts: code };
}

function refusalOf({ issuedAtMs, expiresAtMs, guesses }: Code, nowMs: number, takenAtMs: number): string | undefined {
  if (takenAtMs > nowMs + aheadMsMax || takenAtMs < nowMs - lateMsMax || takenAtMs < issuedAtMs) return 'BAD_INPUT';
  if (expiresAtMs <= takenAtMs) return 'ILLEGAL_TRANSITION';
  return guesses >= guessesMax ? 'LIMIT_EXCEEDED' : undefined;
}

/** Six digits that are not these. */
function another(text: string): string {
  return String((Number(text) + 1) % 1_000_000).padStart(6, '0');
}

function guessed({ counts }: Said): void {
  if (counts) counts.guesses += 1;
}

const start = errandPlay({
  name: 'startErrand',
  weight: 6,
  isUncut: true,
  document:
    'mutation ($id: ID!, $pickupCode: String, $expectedVersion: Int, $key: String) { startErrand(id: $id, pickupCode: $pickupCode, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay errand { id state version } } }',
  rule: { actors: ['assignedRunner'], from: ['ASSIGNED'] },
  who: ({ runner }) => runner,
  suits: (errand, { nowMs }) => !errand.requires.includes('PICKUP') || usable(errand, 'PICKUP', nowMs) !== undefined,
  input(errand, hand) {
    const { nowMs, random, isWild } = hand;
    const isTooLate = isTooLateToStart(errand, nowMs);
    const isAsked = errand.requires.includes('PICKUP');
    const isSilent = isAsked ? isWild && random.chance(20) : random.chance(80);
    const said = say(errand, 'PICKUP', hand);
    const late = isTooLate ? 'ILLEGAL_TRANSITION' : undefined;
    const refused = late ?? (isAsked ? (isSilent ? 'BAD_INPUT' : said.refused) : undefined);
    const counts = (): void => (isTooLate || isSilent || !isAsked ? undefined : guessed(said));
    return {
      variables: { pickupCode: isSilent ? undefined : said.text },
      label: isSilent ? '' : said.label,
      refused,
      refusedAlso: counts,
      done: () => {
        counts();
        if (isAsked) errand.codes.PICKUP!.isUsed = true;
        moveTo(errand, 'IN_PROGRESS');
        return { errand };
      },
    };
  },
});

const confirm = errandPlay({
  name: 'confirmByCode',
  weight: 6,
  idName: 'errandId',
  isUncut: true,
  document: `mutation ($errandId: ID!, $code: String!, $takenAt: DateTime, $expectedVersion: Int, $key: String) { confirmByCode(errandId: $errandId, code: $code, takenAt: $takenAt, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay ${answer} } }`,
  rule: { actors: ['assignedRunner'], from: ['IN_PROGRESS', 'DELIVERED'] },
  who: ({ runner }) => runner,
  suits: (errand, { nowMs }) => usable(errand, 'DROPOFF', nowMs) !== undefined,
  input(errand, hand) {
    const { nowMs } = hand;
    const takenAtMs = drawTakenAt(errand.codes.DROPOFF, hand);
    const said = say(errand, 'DROPOFF', hand, takenAtMs);
    return {
      variables: { code: said.text, takenAt: takenAtMs === undefined ? undefined : new Date(takenAtMs).toISOString() },
      label: takenAtMs === undefined ? said.label : `${said.label} told ${nowMs - takenAtMs} ago`,
      refused: said.refused,
      refusedAlso: () => guessed(said),
      done: () => {
        const escrow = errand.escrow!;
        guessed(said);
        errand.codes.DROPOFF!.isUsed = true;
        payOut(errand, escrow, deliveredInSilence(escrow), 'delivered');
        complete(errand, nowMs);
        return { errand, escrow };
      },
    };
  },
});

/** Mostly now; from a phone that was offline, some time ago; by those who mean harm, a time that cannot be. */
function drawTakenAt(code: Code | undefined, { random, isWild, nowMs }: Hand): number | undefined {
  if (random.chance(55)) return undefined;
  const issuedAtMs = code?.issuedAtMs ?? nowMs;
  if (isWild)
    return random.pick([nowMs + 6 * minuteMs, nowMs - lateMsMax - 1, issuedAtMs - 1, code?.expiresAtMs ?? nowMs]);
  const earliest = issuedAtMs > nowMs - lateMsMax ? issuedAtMs : nowMs - lateMsMax;
  return random.int(earliest, nowMs);
}

export const codePlays: readonly Play[] = [errandPlay(issueMove), start, confirm];

/** The same customer once more, about the same errand. */
export function issueFor(errand: Errand): Play {
  return errandPlay({ ...issueMove, suits: (one) => one === errand });
}
