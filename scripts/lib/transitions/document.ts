import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { disputeMachine } from '../../../src/modules/disputes/index.js';
import {
  actorsOf,
  offerTransitions,
  termsOf,
  transitionNames,
  transitions,
  type PartTable,
  type TransitionName,
  type TransitionRule,
} from '../../../src/modules/errands/index.js';
import { escrowTransitions, milestoneTransitions } from '../../../src/modules/escrows/index.js';
import { payoutTransitions, type PayoutTransitionRule } from '../../../src/modules/payouts/index.js';
import { shapeOf } from './postings.js';

/** The things that belong to an errand and have states of their own, each with its table. */
const parts: readonly (readonly [title: string, says: string, table: PartTable])[] = [
  ['Offer', 'What a runner would do an errand for.', offerTransitions],
  ['Escrow', 'The money of an errand, from the accepted offer to the last minor unit.', escrowTransitions],
  ['Milestone', 'A step in which the service part of an escrow is paid.', milestoneTransitions],
  ['Dispute', 'A disagreement about that money; the errand is DISPUTED meanwhile.', disputeMachine],
];

/** docs/transitions.md, worked out from the tables that the server decides by. */
export async function transitionsDocument(): Promise<string> {
  const sections = [intro, errandSection(), ...parts.map((part) => partSection(...part)), payoutSection()];
  // Laid out as every other page, so that checking the layout finds nothing.
  const options = await resolveConfig(fileURLToPath(new URL('../../../docs/transitions.md', import.meta.url)));
  return format(sections.join('\n'), { ...options, parser: 'markdown' });
}

/** An arrow of a diagram. */
export interface Arrow {
  /** Undefined: it begins here. */
  readonly from: string | undefined;
  readonly to: string;
  readonly label: string;
}

const intro = `# Transitions

Written by \`node scripts/verify.mjs\` from the tables that the server decides by: \`src/modules/errands/transitions.ts\`,
\`dispute.transitions.ts\`, \`transition.terms.ts\` and \`offer.transitions.ts\` beside it, \`escrow.transitions.ts\` of the escrows and
\`milestone.transitions.ts\` beside it, \`dispute.machine.ts\` of the disputes and \`payout.transitions.ts\` of the payouts. Do not edit.

A transition of an errand is decided by the first of these tables, under the errand's lock, and booked in the same transaction. The
other tables say how offers, escrow and dispute move with it; a state that they do not lead to is not written, whoever asks.
[Actions](actions.md) tells how a client asks what it may do.
`;

function errandSection(): string {
  const rows = transitionNames.map((name) => {
    const rule: TransitionRule = transitions[name];
    const { mutation, timer, event = '–', needs = '–' } = termsOf(name);
    const door = mutation ? code(mutation) : timer ? `timer: ${timer.waitsFor}` : event;
    const to = { same: 'same', asBeforeDispute: 'as before the dispute' }[rule.to as string] ?? rule.to;
    return [
      code(name),
      rule.from.join(', '),
      to,
      actorsOf(rule).join(', '),
      door,
      rule.description,
      needs,
      shapeOf(name),
    ];
  });
  const head = [
    'transition',
    'from',
    'to',
    'who',
    'mutation or timer',
    'what it means',
    'what it needs',
    'bookings: debit > credit',
  ];
  return `
## Errand

${diagramOf(errandArrows())}

${table(head, rows)}

What a transition needs is checked by its guard in the table of the source; \`allowedActions\` tells beforehand.
`;
}

function partSection(title: string, says: string, rules: PartTable): string {
  const rows = Object.entries(rules).map(([name, rule]) => [
    code(name),
    rule.from.length === 0 ? '–' : rule.from.join(', '),
    rule.to,
    [...rule.with.map(code), ...(rule.actor ? [`by itself: ${rule.actor}`] : [])].join(', '),
    rule.description,
  ]);
  return `
## ${title}

${says}

${diagramOf(partArrows(rules))}

${table(['move', 'from', 'to', 'with the errand’s', 'what it means'], rows)}
`;
}

/** A payout belongs to no errand: it has transitions of its own. */
function payoutSection(): string {
  const rows = payoutRules.map(([name, { from, to, actor, description }]) => [
    code(name),
    from.map((state) => state ?? '–').join(', '),
    to,
    [actor].flat().join(', '),
    description,
  ]);
  return `
## Payout

Money on its way from a wallet to a bank: [payouts](payouts.md) says what each step books.

${diagramOf(payoutArrows())}

${table(['transition', 'from', 'to', 'who', 'what it means'], rows)}
`;
}

const payoutRules: readonly (readonly [string, PayoutTransitionRule])[] = Object.entries(payoutTransitions);

function payoutArrows(): readonly Arrow[] {
  return payoutRules.flatMap(([label, { from, to }]) => from.map((state) => ({ from: state ?? undefined, to, label })));
}

export function errandArrows(): readonly Arrow[] {
  const arrows = transitionNames.flatMap((name) => arrowsOf(name));
  return [{ from: undefined, to: 'DRAFT', label: 'post' }, ...arrows];
}

export function partArrows(rules: PartTable): readonly Arrow[] {
  return Object.entries(rules).flatMap(([label, { from, to }]) => {
    const starts = from.length === 0 ? [undefined] : from;
    return starts.map((state) => ({ from: state, to, label }));
  });
}

/** Every machine's arrows, by title. */
export function machines(): ReadonlyMap<string, readonly Arrow[]> {
  return new Map([
    ['Errand', errandArrows()],
    ...parts.map(([title, , rules]) => [title, partArrows(rules)] as const),
    ['Payout', payoutArrows()],
  ]);
}

function arrowsOf(name: TransitionName): readonly Arrow[] {
  const { from, to }: TransitionRule = transitions[name];
  return from.flatMap((state) => destinations(state, to).map((end) => ({ from: state, to: end, label: name })));
}

function destinations(state: string, to: TransitionRule['to']): readonly string[] {
  if (to === 'same') return [state];
  return to === 'asBeforeDispute' ? transitions.openDispute.from : [to];
}

/** The arrows between two states are one, with all their names. A state that nothing leaves is an end. */
export function diagramOf(arrows: readonly Arrow[]): string {
  const between = new Map<string, string[]>();
  for (const { from = '[*]', to, label } of arrows) {
    const ends = `${from} --> ${to}`;
    between.set(ends, [...(between.get(ends) ?? []), label]);
  }
  const lines = [...between].map(([ends, labels]) => `  ${ends}: ${[...new Set(labels)].join(', ')}`);
  const left = new Set(arrows.filter(({ from, to }) => from !== to).map(({ from }) => from));
  const ends = [...new Set(arrows.map(({ to }) => to))].filter((state) => !left.has(state));
  return ['```mermaid', 'stateDiagram-v2', ...lines, ...ends.map((state) => `  ${state} --> [*]`), '```'].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
