import { Command } from 'commander';
import type { Terminal } from './terminal.js';

export interface MigrateCommandDeps {
  readonly terminal: Terminal;
  /** @returns the names of the migrations that were applied, in order */
  readonly migrate: () => Promise<readonly string[]>;
}

/** `runam migrate` */
export function migrateCommand({ terminal, migrate }: MigrateCommandDeps): Command {
  return new Command('migrate')
    .description(
      'Brings the database to this version, and says which migrations were applied; a server does so when it starts.',
    )
    .option('--json', 'one line of JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const applied = await migrate();
      const lines =
        json === true
          ? [JSON.stringify({ ok: true, applied })]
          : [
              ...applied.map((name) => `applied ${name}`),
              applied.length === 0 ? 'The database was up to date.' : 'The database is up to date.',
            ];
      for (const line of lines) terminal.stdout.write(`${line}\n`);
    });
}
