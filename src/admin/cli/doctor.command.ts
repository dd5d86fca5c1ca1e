import { Command } from 'commander';
import type { Terminal } from './terminal.js';

/** One check of the surroundings. */
interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly advice?: string;
}

export interface DoctorCommandDeps {
  readonly terminal: Terminal;
  readonly examine: () => Promise<{ readonly ok: boolean; readonly findings: readonly Finding[] }>;
  readonly exitWith: (code: number) => void;
}

/** `runam doctor` */
export function doctorCommand({ terminal, examine, exitWith }: DoctorCommandDeps): Command {
  return new Command('doctor')
    .description('Checks settings, PostgreSQL and Redis, and says what to do; ends with 1 when RunAm cannot run well.')
    .option('--json', 'one line of JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const report = await examine();
      const lines = json === true ? [JSON.stringify(report)] : report.findings.flatMap(linesOf);
      for (const line of lines) terminal.stdout.write(`${line}\n`);
      if (!report.ok) exitWith(1);
    });
}

const marks = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

function linesOf({ check, state, detail, advice }: Finding): readonly string[] {
  return [`${marks[state]}  ${check}: ${detail}`, ...(advice === undefined ? [] : [`      ${advice}`])];
}
