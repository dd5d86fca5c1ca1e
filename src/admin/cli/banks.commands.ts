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

export interface BanksCommandsDeps {
  readonly terminal: Terminal;
  /** @param file undefined: the directory that comes with RunAm */
  readonly importFile: (file: string | undefined) => Promise<ImportReport>;
}

/** `runam banks …` */
export function banksCommands({ terminal, importFile }: BanksCommandsDeps): Command {
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
  return banks;
}

function wordsOf({ banks, created, changed, closed, codesCreated, codesClosed, ...report }: ImportReport): string {
  const names = `${report.aliasesCreated} other names; ${report.conflictsMatched} codes of other lists matched, ${report.conflictsLeftOut.length} left out`;
  return `${banks} banks: ${created} new, ${changed} changed, ${closed} closed; ${codesCreated} codes new, ${codesClosed} ended; ${names}.`;
}
