import { randomBytes, randomInt, scrypt as scryptWithCallback, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { AppError, badInput, uuidv7 } from '../../kernel/index.js';
import type { Db, HandoverCode, Tx } from '../../db/index.js';
import type { Errand, HandoverPhase } from './errand.js';

/** Guesses at one code; then another one has to be issued. */
export const handoverAttemptsMax = 5;
/** A code is for the day, and a few more. */
export const handoverLifeMs = 7 * 24 * 60 * 60 * 1000;
/** A phone without data may tell of a handover this much later. */
export const handoverLateMsMax = 48 * 60 * 60 * 1000;
/** A phone's clock may run ahead of ours by this much. */
const aheadMsMax = 5 * 60 * 1000;

const codeDigits = 6;
const saltBytes = 16;
const hashBytes = 32;

export interface IssuedCode {
  /** Six digits, told this once: only a salted hash of it is kept. */
  readonly code: string;
  readonly phase: HandoverPhase;
  readonly expiresAt: Date;
}

export interface GivenCode {
  readonly code: string;
  /** When it was told to the runner, for phones that were offline. Default now. */
  readonly takenAt?: Date | null | undefined;
}

/** A new code for a locked errand; the one before it, if any, opens nothing any more. */
export async function issueCode(tx: Tx, errand: Errand, phase: HandoverPhase, now: Date): Promise<IssuedCode> {
  const code = String(randomInt(10 ** codeDigits)).padStart(codeDigits, '0');
  const salt = randomBytes(saltBytes);
  const expiresAt = new Date(now.getTime() + handoverLifeMs);
  const issued = { salt, hash: await hashOf(code, salt), attempts: 0, expiresAt, usedAt: null, createdAt: now };
  await tx.handoverCode.upsert({
    where: { errandId_phase: { errandId: errand.id, phase } },
    create: { id: uuidv7(now.getTime()), tenantId: errand.tenantId, errandId: errand.id, phase, ...issued },
    update: issued,
  });
  return { code, phase, expiresAt };
}

/**
 * Checks a code that was given for a locked errand, and marks it used. Every guess is counted in a transaction of its own
 * before it is compared, so one that is followed by a rollback counts too.
 * @throws AppError BAD_INPUT with the guesses that are left when it is wrong, LIMIT_EXCEEDED when none is left,
 * ILLEGAL_TRANSITION when there is no code, it was used, or it has expired
 */
export async function useCode(
  tx: Tx,
  db: Pick<Db, 'writeApart'>,
  errand: Errand,
  phase: HandoverPhase,
  given: GivenCode,
  now: Date,
  path: string,
): Promise<HandoverCode> {
  const kept = await tx.handoverCode.findUnique({ where: { errandId_phase: { errandId: errand.id, phase } } });
  if (!kept || kept.usedAt) throw illegal(`No ${phase} code waits to be given; the customer issues one.`);
  const takenAt = parseTakenAt(given.takenAt, kept, now);
  if (kept.expiresAt <= takenAt) throw illegal(`The ${phase} code has expired; the customer issues another one.`);
  const attempts = await countGuess(db, kept);
  const hash = await hashOf(given.code.trim(), Buffer.from(kept.salt));
  if (!timingSafeEqual(hash, kept.hash)) {
    const left = handoverAttemptsMax - attempts;
    throw badInput(path, `is not the ${phase} code; ${left} of ${handoverAttemptsMax} guesses are left.`);
  }
  return tx.handoverCode.update({ where: { id: kept.id }, data: { usedAt: now } });
}

/** @returns how many guesses were made at it, this one included */
async function countGuess(db: Pick<Db, 'writeApart'>, { id, hash }: HandoverCode): Promise<number> {
  const [counted] = await db.writeApart(
    (apart) => apart.$queryRaw<{ attempts: number }[]>`
      UPDATE handover_code SET attempts = attempts + 1
      WHERE id = ${id}::uuid AND hash = ${hash} AND attempts < ${handoverAttemptsMax} RETURNING attempts::int`,
  );
  if (counted) return counted.attempts;
  throw new AppError(
    'LIMIT_EXCEEDED',
    `The code was guessed at ${handoverAttemptsMax} times; the customer issues another one.`,
  );
}

function parseTakenAt(takenAt: Date | null | undefined, { createdAt }: HandoverCode, now: Date): Date {
  if (!takenAt) return now;
  if (!(takenAt.getTime() <= now.getTime() + aheadMsMax)) throw badInput('takenAt', 'must not be in the future.');
  if (takenAt.getTime() < now.getTime() - handoverLateMsMax)
    throw badInput('takenAt', 'must be within the last 48 hours.');
  if (takenAt < createdAt) throw badInput('takenAt', 'must not be before the code was issued.');
  return takenAt;
}

const scrypt = promisify<string, Buffer, number, Buffer>(scryptWithCallback);

/** Six digits are soon guessed from a hash; the salt and the work of scrypt (RFC 7914) make that slow, the life of a code makes it useless. */
async function hashOf(code: string, salt: Buffer): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await scrypt(code, salt, hashBytes));
}

function illegal(message: string): AppError {
  return new AppError('ILLEGAL_TRANSITION', message);
}
