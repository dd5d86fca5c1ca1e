import { uuidv7, type FieldFault } from '../../kernel/index.js';
import type { Prisma } from '../../db/index.js';
import { proofKinds, type Errand, type ProofKind } from './errand.js';
import { refuse, textFaults } from './faults.js';

export interface ProofInput {
  readonly kind: ProofKind;
  /** SHA-256 of the evidence, 64 hex digits. */
  readonly sha256: string;
  /** Where the evidence is stored; up to 300 characters. */
  readonly mediaKey?: string | null | undefined;
  /** Up to 1,000 characters. */
  readonly note?: string | null | undefined;
  /** Not before the errand was written down, less a day, and not in the future. Default: now. */
  readonly takenAt?: Date | null | undefined;
}

const proofsMax = 10;
const mediaKeyLengthMax = 300;
const noteLengthMax = 1000;
/** A phone's clock may run ahead of ours by this much. */
const aheadMsMax = 5 * 60 * 1000;
/** And behind by this much: a proof is not older than its errand. */
const behindMsMax = 24 * 60 * 60 * 1000;

/** The rows of up to ten proofs. @throws AppError BAD_INPUT listing every fault */
export function parseProofs(
  proofs: readonly ProofInput[],
  errand: Errand,
  byUserId: string,
  now: Date,
  path = 'proofs',
): Prisma.ProofCreateManyInput[] {
  const tooMany =
    proofs.length > proofsMax ? [{ path, message: `takes up to ${proofsMax}, got ${proofs.length}.` }] : [];
  refuse([
    ...tooMany,
    ...proofs.slice(0, proofsMax).flatMap((proof, index) => faultsOf(proof, `${path}.${index}`, errand, now)),
  ]);
  return proofs.map(({ kind, sha256, mediaKey, note, takenAt }) => ({
    id: uuidv7(now.getTime()),
    tenantId: errand.tenantId,
    errandId: errand.id,
    byUserId,
    kind,
    sha256: Buffer.from(sha256, 'hex'),
    mediaKey: mediaKey ?? null,
    note: note?.trim() || null,
    takenAt: takenAt ?? now,
    createdAt: now,
  }));
}

function faultsOf(
  { kind, sha256, mediaKey, note, takenAt }: ProofInput,
  path: string,
  { createdAt }: Errand,
  now: Date,
): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  if (!proofKinds.includes(kind))
    faults.push({ path: `${path}.kind`, message: `must be one of ${proofKinds.join(', ')}.` });
  if (!/^[0-9a-f]{64}$/i.test(sha256)) faults.push({ path: `${path}.sha256`, message: 'must be 64 hex digits.' });
  faults.push(...textFaults(`${path}.mediaKey`, mediaKey, mediaKeyLengthMax));
  faults.push(...textFaults(`${path}.note`, note, noteLengthMax));
  const earliestMs = createdAt.getTime() - behindMsMax;
  const latestMs = now.getTime() + aheadMsMax;
  if (takenAt && !(takenAt.getTime() <= latestMs)) {
    faults.push({ path: `${path}.takenAt`, message: 'must not be in the future.' });
  } else if (takenAt && takenAt.getTime() < earliestMs) {
    faults.push({ path: `${path}.takenAt`, message: 'must not be before the errand was written down.' });
  }
  return faults;
}
