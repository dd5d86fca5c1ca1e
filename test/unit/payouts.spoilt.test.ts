import { describe, expect, it } from 'vitest';
import {
  payoutActorsOf,
  payoutStates,
  payoutTransitionNames,
  payoutTransitions,
  type PayoutTransitionName,
  type PayoutTransitionRule,
} from '../../src/modules/payouts/index.js';
import { letThrough, lookedFor, toldOfClearing } from '../support/payout-cases.js';
import { expected, factsFor, outcome, refusalOf, refused, triples } from '../support/payout-facts.js';
import { rulesIn, spoiltRules, withOneChanged } from '../support/spoilt-rules.js';

describe('the table of payouts', () => {
  it('is missed as soon as a state, an actor, the end or any condition of it is spoilt', async () => {
    const rules = await spoiltRules(await rulesIn('modules/payouts'));
    const table = payoutTransitions as Record<PayoutTransitionName, PayoutTransitionRule>;
    Object.assign(table, (await rules.load('payout.transitions.ts'))['payoutTransitions']);
    const isRowAsWritten = (name: PayoutTransitionName): boolean =>
      triples.every(
        (triple) =>
          triple[0] !== name ||
          answer(() => outcome(name, factsFor(name, triple[1]), triple[2])) === expected(...triple),
      );
    const isAsWritten = (): boolean =>
      lookedFor.every(([, name, state, patch, code]) => answer(() => refused(name, state, patch)) === code) &&
      letThrough.every(
        ([, name, state, patch]) => answer(() => refused(name, state, patch)) === payoutTransitions[name].to,
      ) &&
      answer(() => refusalOf('request', null, { wallet: toldOfClearing.wallet })) === toldOfClearing.message;
    expect(payoutTransitionNames.every(isRowAsWritten) && isAsWritten()).toBe(true);
    const unseen = rules.spoils.filter((_, index) => {
      rules.spoil(index);
      return isAsWritten();
    });
    rules.spoil(undefined);
    const unseenLines = payoutTransitionNames.flatMap((name) => {
      const rule = table[name];
      const found = spoiltLines(rule).filter(([, spoilt]) => {
        table[name] = spoilt;
        return isRowAsWritten(name);
      });
      table[name] = rule;
      return found.map(([what]) => `${name} ${what}`);
    });
    await rules.remove();
    expect(rules.spoils.length).toBeGreaterThan(20);
    const isSame = ({ what }: { readonly what: string }): boolean => sameAsBefore.some((one) => what.startsWith(one));
    expect([
      ...unseen.filter((one) => !isSame(one)).map(({ where, what }) => `${where} ${what}`),
      ...unseenLines,
    ]).toEqual([]);
  });
});

/**
 * Spoilt and no different: what is undefined is never more than a limit nor before a time, and nothing less nothing is
 * nothing; no currency is another one; by the last time all of a wallet has cleared, so one is found; and the last is for a message.
 */
const sameAsBefore = [
  'notFoundFinalAt -> true',
  'givenBackAt -> true',
  'payoutMax !== undefined -> true',
  'balance > held -> balance >= held',
  'toldCurrency == null -> false',
  'free.at(-1)! -> undefined',
  'dayMax > askedInDay -> ',
] as const;

/** What it answers, or that it cannot. */
function answer(work: () => string): string {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
}

function spoiltLines(rule: PayoutTransitionRule): readonly (readonly [what: string, rule: PayoutTransitionRule])[] {
  return [
    ...withOneChanged([null, ...payoutStates], rule.from).map(
      (from) => [`from ${from.join(' ')}`, { ...rule, from }] as const,
    ),
    // A stranger sees nothing of a payout.
    ...withOneChanged(['owner', 'finance', 'system'] as const, payoutActorsOf(rule)).map(
      (actor) => [`by ${actor.join(' ')}`, { ...rule, actor }] as const,
    ),
    ...payoutStates.filter((to) => to !== rule.to).map((to) => [`to ${to}`, { ...rule, to }] as const),
  ];
}
