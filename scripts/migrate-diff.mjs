import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { rootDir } from './lib/run.mjs';

const usage =
  'Usage: npm run migrate:new -- <name>   (lower-case words, for example add_tips), or --script-only to print the SQL';
const migrationsDir = join(rootDir, 'prisma', 'migrations');

const [argument] = process.argv.slice(2);
if (argument === undefined || !(argument === '--script-only' || /^[a-z0-9][a-z0-9_]*$/.test(argument))) {
  console.error(usage);
  process.exitCode = 2;
} else {
  const sql = await findMissingSql();
  if (argument === '--script-only') process.stdout.write(sql ?? '');
  else if (sql === undefined) console.log('Nothing to do: the migrations reach prisma/schema.prisma already.');
  else
    console.log(
      `Written: ${await writeMigration(argument, sql)}\nRead it, add what Prisma cannot say (checks, partial indexes, triggers), then run the tests.`,
    );
}

async function findMissingSql() {
  await mkdir(migrationsDir, { recursive: true });
  const { module } = await runnerImport(join(rootDir, 'scripts', 'lib', 'migration-diff.ts'));
  return module.diffMigrations({ migrationsDir, schemaFile: join(rootDir, 'prisma', 'schema.prisma') });
}

async function writeMigration(name, sql) {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(migrationsDir, `${stamp}_${name}`);
  await mkdir(folder);
  await writeFile(join(folder, 'migration.sql'), sql);
  return `prisma/migrations/${stamp}_${name}/migration.sql`;
}
