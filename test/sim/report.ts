import type { SimOptions } from './options.js';
import { invariantNames, invariants, type Verdict } from './proof/invariants.js';
import type { Simulated } from './simulate.js';

const words: Readonly<Record<Verdict, string>> = { held: 'held', broken: 'BROKEN', notExercised: 'not exercised' };

/** The verdict in lines for a reader. */
export function describe(result: Simulated, { breaks }: SimOptions): readonly string[] {
  const { steps, seed, model, log, breaches } = result;
  const guard = breaks === undefined ? '' : `, without the guard ${breaks}`;
  return [
    `${steps} steps of seed ${seed}${guard}`,
    `  commands   ${listOf(result.commands)}`,
    `  faults     ${listOf(result.faults)}`,
    `  schedules  ${listOf(result.schedules)}`,
    `  moves made ${listOf(result.transitions)}`,
    ...invariantNames.map((name) => {
      const { verdict, looks } = result.invariants[name];
      return `  ${name.padEnd(4)} ${words[verdict].padEnd(14)} ${String(looks).padStart(7)}  ${invariants[name]}`;
    }),
    `  model ${words[model.verdict].padEnd(13)} ${String(model.looks).padStart(7)}  every answer, state and balance is as the rules say`,
    `  log ${log}`,
    ...(breaches.length === 0 ? [] : failureOf(result)),
  ];
}

function failureOf({ breaches, lastLines }: Simulated): readonly string[] {
  return [
    'Broken:',
    ...breaches.slice(0, 10).map(({ what, step, problem }) => `  ${what} at step ${step}: ${problem}`),
    'The last that was done:',
    ...lastLines.map((line) => `  ${line}`),
  ];
}

/** How to see the failure again, in as few steps as lead to it. */
export function replayOf({ seed, steps }: Simulated, { breaks }: SimOptions): string {
  return `npm run sim -- --seed ${seed} --steps ${steps}${breaks === undefined ? '' : ` --break ${breaks}`}`;
}

export function jsonOf(result: Simulated, options: SimOptions): Readonly<Record<string, unknown>> {
  const { ok, seed, steps, commands, faults, schedules, transitions, model, log, breaches } = result;
  return {
    ok,
    seed,
    steps,
    commands,
    faults,
    schedules,
    transitions,
    invariants: Object.fromEntries(invariantNames.map((name) => [name, result.invariants[name].verdict])),
    model: model.verdict,
    log,
    ...(options.breaks !== undefined && { break: options.breaks }),
    ...(breaches.length > 0 && { broken: breaches.slice(0, 10), replay: replayOf(result, options) }),
  };
}

function listOf(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const sum = all.reduce((total, [, count]) => total + count, 0);
  return `${sum}: ${all.map(([name, count]) => `${name} ${count}`).join(', ')}`;
}
