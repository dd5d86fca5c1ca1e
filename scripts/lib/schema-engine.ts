import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg';
import { createCatalogAdapter } from './catalog-adapter.js';

export interface DiffOptions {
  /** Where to begin: a database with all migrations applied. */
  readonly databaseUrl: string;
  /** Where to end: the text of a schema.prisma. */
  readonly schema: string;
}

const schemaFile = 'schema.prisma';
const noFilters = { externalTables: [], externalEnums: [] };

/**
 * The SQL that takes the database to what the schema says; undefined when it is there already. Runs Prisma's schema
 * engine as WASM in this process: no engine binary, no network, no shadow database.
 */
export async function diffToSchema({ databaseUrl, schema }: DiffOptions): Promise<string | undefined> {
  await loadEngine();
  const factory = bindMigrationAwareSqlAdapterFactory(createCatalogAdapter(databaseUrl));
  const files = [{ path: schemaFile, content: schema }];
  const engine = await glue.SchemaEngine.new({ datamodels: [[schemaFile, schema]] }, () => undefined, factory);
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: '.' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: noFilters,
    });
    return stdout === null || isEmptyScript(stdout) ? undefined : stdout;
  } finally {
    engine.free();
  }
}

/** The engine answers a comment when nothing is to be done. */
function isEmptyScript(script: string): boolean {
  return script.split('\n').every((line) => line.trim() === '' || line.startsWith('--'));
}

/** The part of the standard WebAssembly interface that is used here; Node's own types leave it out. */
declare const WebAssembly: {
  instantiate(
    binary: Uint8Array,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ): Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>;
};

let loading: Promise<void> | undefined;

/** The package's own entry imports the .wasm file as a module, which Node does not do unasked; so it is put together by hand. */
function loadEngine(): Promise<void> {
  return (loading ??= (async () => {
    const glueFile = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
    const binary = await readFile(glueFile.replace(/\.js$/, '.wasm'));
    const { instance } = await WebAssembly.instantiate(binary, {
      './schema_engine_bg.js': { ...glue },
    });
    glue.__wbg_set_wasm(instance.exports);
    (instance.exports['__wbindgen_start'] as () => void)();
  })());
}
