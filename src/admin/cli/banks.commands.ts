import { Command } from 'commander';
import type { Terminal } from './terminal.js';

interface ImportReport {
  readonly banks: number;
  readonly created: number;
  readonly changed: number;
  readonly closed: number;
  readonly codesCreated: number;
  readonly codesClosed: number;
  readonly aliasesCreated: number;
  readonly conflictsMatched: number;
  readonly conflictsLeftOut: readonly unknown[];
}

interface NamedCode {
  readonly bank: string;
  readonly code: string;
}

interface CodeDiff {
  readonly same: number;
  readonly added: readonly NamedCode[];
  readonly ended: readonly NamedCode[];
  readonly leftOut: readonly NamedCode[];
}

export interface SyncOptions {
  readonly provider: string;
  readonly country: string;
  readonly write?: boolean;
}

export interface BanksCommandsDeps {
  readonly terminal: Terminal;
  /** @param file undefined: the directory that comes with RunAm */
  readonly importFile: (file: string | undefined) => Promise<ImportReport>;
  readonly sync: (options: SyncOptions) => Promise<CodeDiff>;
}

/** `runam banks …` */
export function banksCommands({ terminal, importFile, sync }: BanksCommandsDeps): Command {
  const banks = new Command('banks').description('The banks that money can be paid out to.');
  banks
    .command('import')
    .argument('[file]', 'a bank directory; without it the one that comes with RunAm')
    .description('Brings the stored banks to what the directory says; importing the same one again changes nothing.')
    .option('--json', 'one line of JSON')
    .action(async (file: string | undefined, { json }: { readonly json?: boolean }) => {
      const report = await importFile(file);
      terminal.stdout.write(`${json === true ? JSON.stringify({ ok: true, ...report }) : wordsOf(report)}\n`);
    });
  banks
    .command('sync')
    .description("Holds a provider's own list of bank codes against the stored ones, and shows what differs.")
    .requiredOption('--provider <name>', 'whose codes: flutterwave')
    .option('--country <code>', 'NG, GH, KE or ZA', 'NG')
    .option('--write', 'bring the stored codes to the list; without it nothing is changed')
    .option('--json', 'one line of JSON')
    .action(async ({ json, ...options }: SyncOptions & { readonly json?: boolean }) => {
      const diff = await sync(options);
      const written = options.write === true;
      terminal.stdout.write(
        `${json === true ? JSON.stringify({ ok: true, written, ...diff }) : linesOf(diff, written)}\n`,
      );
    });
  return banks;
}

function linesOf({ same, added, ended, leftOut }: CodeDiff, written: boolean): string {
  const row =
    (sign: string) =>
    ({ bank, code }: NamedCode) =>
      `${sign} ${code} ${bank}`;
  const done = written ? 'written' : 'nothing was changed; add --write to do it';
  const counts = `${same} the same, ${added.length} new, ${ended.length} ended, ${leftOut.length} left out: ${done}.`;
  return [...added.map(row('+')), ...ended.map(row('-')), ...leftOut.map(row('?')), counts].join('\n');
}

function wordsOf({ banks, created, changed, closed, codesCreated, codesClosed, ...report }: ImportReport): string {
  const names = `${report.aliasesCreated} other names; ${report.conflictsMatched} codes of other lists matched, ${report.conflictsLeftOut.length} left out`;
  return `${banks} banks: ${created} new, ${changed} changed, ${closed} closed; ${codesCreated} codes new, ${codesClosed} ended; ${names}.`;
}
