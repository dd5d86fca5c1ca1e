import { Command, CommanderError } from 'commander';
import { AppError } from '../../kernel/index.js';
import { CliFault } from './fault.js';
import type { Terminal } from './terminal.js';

export interface ProgramDeps {
  readonly terminal: Terminal;
  /** The groups of commands; each calls `exitWith` when it ends with another code than 0. */
  readonly groups: (exitWith: (code: number) => void) => readonly Command[];
  /** Faults an operator can mend, which are told in one sentence. */
  readonly isKnown: (error: unknown) => boolean;
}

/** Exit codes. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/**
 * The command line `runam`. Reports go to stdout, everything else to stderr; with `--json` a fault is one line of JSON on
 * stdout too. @returns the exit code: 0 done, 1 failed or unhealthy, 2 asked for in a wrong way. Rejects with defects only.
 */
export async function runProgram(args: readonly string[], deps: ProgramDeps): Promise<number> {
  const { terminal } = deps;
  let code: number = exitCodes.ok;
  const program = new Command('runam').description('Operates RunAm from the command line.');
  for (const group of deps.groups((wanted) => (code = wanted))) program.addCommand(group);
  for (const command of withInner(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    return faultCode(error, args.includes('--json'), deps);
  }
}

function withInner(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withInner)];
}

function faultCode(error: unknown, isJson: boolean, { terminal, isKnown }: ProgramDeps): number {
  // Commander has written its own words; asking for help is no fault.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.ok;
    if (isJson) writeFault(terminal, error.message);
    return exitCodes.usage;
  }
  const isTold = error instanceof CliFault || error instanceof AppError || isKnown(error);
  if (!isTold) throw error;
  const { message } = error as Error;
  const isUsage = error instanceof CliFault ? error.kind === 'usage' : codeOf(error) === 'BAD_INPUT';
  if (isJson) writeFault(terminal, message);
  else terminal.stderr.write(`${message}\n`);
  return isUsage ? exitCodes.usage : exitCodes.failed;
}

function writeFault({ stdout }: Terminal, message: string): void {
  stdout.write(`${JSON.stringify({ ok: false, error: { message } })}\n`);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof AppError ? error.code : undefined;
}
