import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  actorKinds,
  actorsOf,
  errandStates,
  transitionNames,
  transitions,
  type ActorKind,
  type ErrandState,
  type TransitionName,
  type TransitionRule,
} from '../../src/modules/errands/index.js';
import { expected, outcome } from '../support/errand-facts.js';
import { disputeGuardCases } from '../support/guard-cases.disputes.js';
import { offerGuardCases } from '../support/guard-cases.offers.js';
import { guardCases, type GuardCase } from '../support/guard-cases.js';
import { legalMoves } from '../support/legal-moves.js';
import { rulesIn, spoiltRules, withOneChanged } from '../support/spoilt-rules.js';

/** The table as this test may spoil it. */
const table = transitions as Record<TransitionName, TransitionRule>;
const rules = await spoiltRules(await rulesIn('modules/errands'));
beforeAll(async () => void Object.assign(table, (await rules.load('transitions.ts'))['transitions']));
afterAll(rules.remove);

const legal = legalMoves.map((move): GuardCase => {
  const [from, name, kind, , to] = move.split(' ') as [GuardCase[1], GuardCase[0], GuardCase[2], string, string];
  return [name, from, kind, {}, to];
});
const cases = [...legal, ...guardCases, ...offerGuardCases, ...disputeGuardCases];

function isAsWritten([name, from, kind, patch, answer]: GuardCase): boolean {
  try {
    return outcome(name, from, kind, patch) === answer;
  } catch {
    // A condition that is not looked at may let through what the next one cannot read.
    return false;
  }
}

/** Whether each state and actor is answered as the written moves have it. */
function isMatrixAsWritten(name: TransitionName): boolean {
  return errandStates.every((state) =>
    actorKinds.every((kind) => outcome(name, state, kind) === expected(name, state, kind)),
  );
}

/** Every way to spoil one line of the table but for its conditions: a state or an actor more or less, another end. */
function spoiltLines(rule: TransitionRule): readonly (readonly [what: string, rule: TransitionRule])[] {
  const actors = actorsOf(rule);
  // Who does not see a draft is refused before its state is looked at.
  const states = actors.some((actor) => seeDrafts.has(actor)) ? errandStates : errandStates.slice(1);
  return [
    ...withOneChanged(states, rule.from).map((from) => [`from ${from.join(' ')}`, { ...rule, from }] as const),
    ...withOneChanged(actorKinds, actors)
      // An assigned runner is a runner already.
      .filter((actor) => !(actors.includes('runner') && actor.includes('assignedRunner')))
      .map((actor) => [`by ${actor.join(' ')}`, { ...rule, actor }] as const),
    ...endsBeside(rule).map((to) => [`to ${to}`, { ...rule, to }] as const),
  ];
}

const seeDrafts: ReadonlySet<ActorKind> = new Set(['customer', 'staff', 'system']);

/** Of one state, "the same" is that state. */
function endsBeside({ from, to }: TransitionRule): readonly TransitionRule['to'][] {
  const ends: readonly (ErrandState | 'same')[] = ['same', ...errandStates];
  const reached = to === 'same' && from.length === 1 ? from[0] : to;
  return ends.filter((end) => end !== to && end !== reached);
}

/**
 * Spoilt and no different: what is FINAL has been let through before its state is compared; an offer that is missing has been
 * refused; of two equal amounts either is the greater.
 */
const sameAsBefore: ReadonlySet<string> = new Set([
  "isNotIn(facts, 'RESOLVED', 'APPEALED') -> isNotIn(facts, 'RESOLVED', 'APPEALED', 'FINAL')",
  '!offer -> false',
  'price > budget -> price >= budget',
]);

describe('the written moves and cases', () => {
  it('are what the table does as it is', () => {
    expect(cases.filter((one) => !isAsWritten(one))).toEqual([]);
  });

  it('show each condition of each guard that is not looked at, off by one, or always true', () => {
    const unseen = rules.spoils.filter((_, index) => {
      rules.spoil(index);
      return cases.every(isAsWritten);
    });
    rules.spoil(undefined);
    expect(rules.spoils.length).toBeGreaterThan(200);
    expect(unseen.filter(({ what }) => !sameAsBefore.has(what)).map(({ where, what }) => `${where} ${what}`)).toEqual(
      [],
    );
  });

  it('show each guard that is missing as a whole', () => {
    const unseen = transitionNames.filter((name) => {
      const rule = table[name];
      if (name === 'cancelFree') return false;
      table[name] = { ...rule, guard: () => undefined };
      const isUnseen = cases.every(isAsWritten);
      table[name] = rule;
      return isUnseen;
    });
    expect(unseen).toEqual([]);
  });

  it.each(transitionNames)('show a state or an actor too many or too few, and another end, of %s', (name) => {
    const rule = table[name];
    expect(isMatrixAsWritten(name)).toBe(true);
    const unseen = spoiltLines(rule).filter(([, spoilt]) => {
      table[name] = spoilt;
      return isMatrixAsWritten(name) && cases.filter(([one]) => one === name).every(isAsWritten);
    });
    table[name] = rule;
    expect(unseen.map(([what]) => what)).toEqual([]);
  });
});
