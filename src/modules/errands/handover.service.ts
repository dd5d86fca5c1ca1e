import { isUuid, requireUser, type Clock, type Viewer } from '../../kernel/index.js';
import type { Db, Tx } from '../../db/index.js';
import { actorOf, decide } from './decide.js';
import { handoverPhases, type Errand, type HandoverPhase, type Proof } from './errand.js';
import { codesHourMs } from './extra.transitions.js';
import { lockErrand, saveTransition } from './errand.repo.js';
import { namesFaults, refuse } from './faults.js';
import { issueCode, type IssuedCode } from './handover.js';
import type { TransitionName } from './transitions.js';

export interface IssuedHandover {
  readonly errand: Errand;
  readonly issued: IssuedCode;
}

/** What passes between people at a door: codes that are issued, and proofs that were given. */
export interface HandoverService {
  /**
   * A new code, told to the errand's customer this once; the one before it opens nothing any more.
   * @throws AppError NOT_FOUND, FORBIDDEN, VERSION_CONFLICT, ILLEGAL_TRANSITION, BAD_INPUT, LIMIT_EXCEEDED with the time from
   * which another one is issued
   */
  issue(
    viewer: Viewer,
    errandId: string,
    phase: HandoverPhase,
    expectedVersion?: number | null,
  ): Promise<IssuedHandover>;
  /** Oldest first. For callers that check who may see what is private about an errand. */
  proofsFor(tenantId: string, errandIds: readonly string[]): Promise<readonly Proof[]>;
}

export interface HandoverServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
}

export function createHandoverService({ db, clock }: HandoverServiceDeps): HandoverService {
  return {
    issue: (viewer, errandId, phase, expectedVersion) =>
      db.write(async (tx) => {
        const errand = await lockErrand(tx, requireUser(viewer).tenantId, errandId);
        const now = clock.now();
        refuse(namesFaults('phase', [phase], handoverPhases));
        const codesIssued = await timesCodesIssued(tx, errand.id, now);
        const facts = { errand, handover: phase, codesIssued, expectedVersion };
        const decision = decide('issueHandoverCode', facts, actorOf(viewer, errand), now);
        const issued = await issueCode(tx, errand, phase, now);
        return { issued, errand: await saveTransition(tx, errand, decision) };
      }),
    proofsFor: (tenantId, errandIds) =>
      db.read.proof.findMany({
        where: { tenantId, errandId: { in: errandIds.filter(isUuid) } },
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      }),
  };
}

async function timesCodesIssued(tx: Tx, errandId: string, now: Date): Promise<readonly Date[]> {
  const events = await tx.processEvent.findMany({ where: codesIssuedSince([errandId], now), select: { at: true } });
  return events.map(({ at }) => at);
}

/** The events of handover codes in the hour before, whichever door they are for. */
export function codesIssuedSince(errandIds: readonly string[], now: Date) {
  const at = { gt: new Date(now.getTime() - codesHourMs) };
  return { errandId: { in: [...errandIds] }, transition: 'issueHandoverCode' satisfies TransitionName, at };
}
