import { describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/index.js';
import {
  actorsOf,
  assertMove,
  hasMove,
  offerStates,
  offerTransitions,
  termsOf,
  transitionNames,
  transitions,
  type PartTable,
  type TransitionName,
} from '../../src/modules/errands/index.js';
import {
  escrowStates,
  escrowTransitions,
  milestoneStates,
  milestoneTransitions,
} from '../../src/modules/escrows/index.js';
import { disputeMachine, disputeStates } from '../../src/modules/disputes/index.js';
import { diagramOf, machines } from '../../scripts/lib/transitions/document.js';
import { partMoves } from '../support/legal-moves.js';

const parts: readonly (readonly [string, readonly string[], PartTable])[] = [
  ['offer', offerStates, offerTransitions],
  ['escrow', escrowStates, escrowTransitions],
  ['milestone', milestoneStates, milestoneTransitions],
  ['dispute', disputeStates, disputeMachine],
];

describe.each(parts)('the table of an %s', (what, states, table) => {
  const legal = new Set(
    Object.values(table).flatMap(({ from, to }) =>
      from.length === 0 ? [`null > ${to}`] : from.map((state) => `${state} > ${to}`),
    ),
  );
  const pairs = [null, ...states].flatMap((from) => states.map((to) => [from, to] as const));

  it('refuses every pair of states that is not in it, and lets each of the others through', () => {
    const differing = pairs.filter(([from, to]) => hasMove(table, from, to) !== legal.has(`${from} > ${to}`));
    expect(differing).toEqual([]);
    const refused = pairs.filter(([from, to]) => !legal.has(`${from} > ${to}`));
    for (const [from, to] of refused)
      expect(() => assertMove(table, what, from, to)).toThrow(`${what} does not go from ${from ?? 'nothing'} to ${to}`);
    for (const [from, to] of pairs.filter((pair) => !refused.includes(pair)))
      expect(() => assertMove(table, what, from, to)).not.toThrow();
  });

  it('leads nowhere but to states that there are, begins somewhere, and stays nowhere', () => {
    expect(pairs.filter(([from, to]) => from === to && hasMove(table, from, to))).toEqual([]);
    const begun = Object.values(table).filter(({ from }) => from.length === 0);
    expect(new Set(begun.map(({ to }) => to)).size).toBe(what === 'offer' ? 2 : 1);
    for (const { from, to } of Object.values(table)) expect(states).toEqual(expect.arrayContaining([...from, to]));
  });

  it('has these moves and no other', () => {
    const told = Object.entries(table).map(([name, { from, to, with: along, actor }]) =>
      [
        name,
        ...(from.length === 0 ? ['null'] : from),
        '>',
        to,
        ...(along.length > 0 ? ['with', ...along] : []),
        ...(actor ? ['by', actor] : []),
      ].join(' '),
    );
    expect(told).toEqual(partMoves[what]);
  });

  it('goes along with transitions of the errand, or says who moves it by itself', () => {
    for (const { with: along, actor } of Object.values(table)) {
      expect(transitionNames).toEqual(expect.arrayContaining([...along]));
      expect(along.length > 0 || actor !== undefined).toBe(true);
    }
  });
});

describe('the tables of the parts', () => {
  it.each(parts)('say the same of both ways to pay an escrow: of an %s', (_what, _states, table) => {
    const along = (name: TransitionName) => Object.keys(table).filter((move) => table[move]!.with.includes(name));
    expect(along('fundFromCharge')).toEqual(along('fundFromWallet'));
  });
});

describe('the terms of the transitions', () => {
  it('name a mutation of the API for everything that people do, and a timer or an event for everything else', async () => {
    const mutations = Object.keys((await createSchema()).getMutationType()!.getFields());
    const lacking = transitionNames.filter((name) => {
      const { mutation, timer, event } = termsOf(name);
      return actorsOf(transitions[name]).includes('system')
        ? (!timer && !event) || mutation
        : timer || !mutations.includes(mutation ?? '');
    });
    expect(lacking, 'each needs its line in src/modules/errands/transition.terms.ts').toEqual([]);
  });
});

describe('a diagram', () => {
  const state = String.raw`(?:\[\*\]|[A-Z]+(?:_[A-Z]+)*)`;
  const line = new RegExp(String.raw`^  ${state} --> ${state}(?:: [A-Za-z]+(?:, [A-Za-z]+)*)?$`);
  // Words that the grammar of Mermaid's state diagrams keeps for itself, in any case.
  const kept = /^(state|note|default|class|classdef|direction|scale|hide|end|as|style|click)$/i;

  it.each([...machines()])(
    'of %s keeps to arrows between plain names, which every Mermaid can read',
    (_title, arrows) => {
      const [fence, kind, ...lines] = diagramOf(arrows).split('\n');
      expect([fence, kind, lines.pop()]).toEqual(['```mermaid', 'stateDiagram-v2', '```']);
      expect(lines.filter((one) => !line.test(one))).toEqual([]);
      expect(arrows.flatMap(({ from, to }) => [from ?? to, to]).filter((name) => kept.test(name))).toEqual([]);
      expect(new Set(lines).size).toBe(lines.length);
    },
  );
});
