import { Command, InvalidArgumentError } from 'commander';
import type { Terminal } from './terminal.js';

/** What a check of all the books found; every list is empty when `ok`. */
export interface BooksReport {
  readonly ok: boolean;
  readonly chain: {
    readonly seals: number;
    readonly head: string | null;
    readonly sealedThrough: Date | null;
    readonly closedThrough: Date;
    readonly journals: number;
    readonly events: number;
  };
  readonly unsealed: { readonly journals: number; readonly events: number };
  readonly health: {
    readonly ok: boolean;
    readonly accounts: number;
    readonly journals: number;
    readonly imbalance: readonly { readonly minor: bigint; readonly currency: string }[];
    readonly unbalancedJournals: readonly string[];
    readonly negativeAccounts: readonly string[];
    readonly brokenAccounts: readonly string[];
    readonly escrowMismatches: readonly string[];
  };
  readonly faults: readonly { readonly kind: string; readonly name: string; readonly problem: string }[];
}

export interface LedgerCommandsDeps {
  readonly terminal: Terminal;
  /** @param knownHead a head of the chain that was kept elsewhere, in lower case */
  readonly verify: (knownHead: string | undefined) => Promise<BooksReport>;
  /** Called with the code to end with, when it is not 0. */
  readonly exitWith: (code: number) => void;
}

/** `runam ledger …` */
export function ledgerCommands({ terminal, verify, exitWith }: LedgerCommandsDeps): Command {
  const ledger = new Command('ledger').description('Look at the books.');
  ledger
    .command('verify')
    .description(
      'Recomputes the books of all markets and every sealed hash; ends with 1 when something is not as it was booked.',
    )
    .option('--head <hash>', 'a head of the chain that was kept elsewhere: it must be a link of this one', parseHead)
    .option('--json', 'one line of JSON')
    .action(async ({ head, json }: { readonly head?: string; readonly json?: boolean }) => {
      const report = await verify(head);
      const lines = json === true ? [jsonOf(report)] : linesOf(report);
      for (const line of lines) terminal.stdout.write(`${line}\n`);
      if (!report.ok) exitWith(1);
    });
  return ledger;
}

function parseHead(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('It takes the 64 hex digits of a head.');
}

/** Amounts as text: they may be more than a number of JSON can say. */
function jsonOf({ ok, chain, unsealed, health, faults }: BooksReport): string {
  const report = { ok, chain, unsealed, health, faults };
  return JSON.stringify(report, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}

function linesOf({ ok, chain, unsealed, health, faults }: BooksReport): readonly string[] {
  const problems = [
    ...healthProblems(health),
    ...faults.map(({ kind, name, problem }) => `${kind} ${name} ${problem}`),
  ];
  return [
    `books: ${health.accounts} accounts, ${health.journals} journals`,
    chain.head === null
      ? 'chain: nothing is sealed yet'
      : `chain: ${chain.seals} seals over ${chain.journals} journals and ${chain.events} events, through ${chain.sealedThrough?.toISOString()}`,
    ...(chain.head === null ? [] : [`head: ${chain.head}`]),
    `not sealed yet: ${unsealed.journals} journals, ${unsealed.events} events`,
    ...problems.map((problem) => `FAULT ${problem}`),
    ok ? 'The books hold together.' : `The books do not hold together: ${problems.length} faults.`,
  ];
}

function healthProblems(health: BooksReport['health']): readonly string[] {
  return [
    ...health.imbalance
      .filter(({ minor }) => minor !== 0n)
      .map(({ minor, currency }) => `debits and credits in ${currency} differ by ${minor}`),
    ...health.unbalancedJournals.map((id) => `journal ${id} does not balance`),
    ...health.negativeAccounts.map((code) => `account ${code} is below zero`),
    ...health.brokenAccounts.map((code) => `account ${code} does not follow from its lines`),
    ...health.escrowMismatches.map((id) => `escrow ${id} does not say what it holds`),
  ];
}
