import type { DisputeState } from '../../db/index.js';
import type { ErrandState } from './errand.js';
import type { Refusal } from './refusals.js';

/** What a transition needs to know of the dispute it is about, seen from the actor. */
export interface DisputeFacts {
  readonly state: DisputeState;
  /** Where the errand stood when it was opened. */
  readonly openedFrom: ErrandState;
  /** When the published rule of its state takes over; null once it is over. */
  readonly dueAt: Date | null;
  /** The actor opened it. */
  readonly isOpener: boolean;
  /** The actor's job is to decide disputes. */
  readonly isArbiter: boolean;
  /** The actor proposed or approved the decision in force: an appeal goes to somebody else. */
  readonly hasDecided: boolean;
  /** A decision that waits for a second pair of eyes. */
  readonly proposal: 'none' | 'own' | 'another';
}

/** A party shows this many pieces in one dispute at most. */
export const evidencePerPartyMax = 20;

/** Why a party that has shown so much cannot show so much more. */
export function evidenceRefusal(shown: number, more: number): Refusal | undefined {
  if (shown + more <= evidencePerPartyMax) return undefined;
  const left = evidencePerPartyMax - shown;
  const message = `A party shows up to ${evidencePerPartyMax} pieces of evidence; you can add ${left} more.`;
  return { code: 'LIMIT_EXCEEDED', message };
}

/** A party opens this many disputes about one escrow at most, withdrawn ones included. */
export const disputesPerPartyMax = 3;
