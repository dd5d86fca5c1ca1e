import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateClient } from '../../scripts/lib/prisma.mjs';

const schemaFile = new URL('../../prisma/schema.prisma', import.meta.url);
const generatedFile = new URL('../../src/db/generated/data-model.ts', import.meta.url);
const generatedLate = { timeout: 120_000 };

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'runam-test-'))));
afterAll(() => rm(dir, { recursive: true }));

/** Generates, from the schema as `edit` changes it, into a folder of its own. @returns the data model that came out */
async function generate(edit: (schema: string) => string = (schema) => schema): Promise<string> {
  const schema = (await readFile(schemaFile, 'utf8'))
    .replace(/output {14}= ".*"/, `output = "${dir}/client"`)
    .replace('provider = "node scripts/data-model.mjs"', `$&\n  output = "${dir}"`);
  await writeFile(join(dir, 'schema.prisma'), edit(schema));
  await generateClient({ schemaFile: join(dir, 'schema.prisma') });
  return readFile(join(dir, 'data-model.ts'), 'utf8');
}

describe('generating the data model', () => {
  it('gives what the server runs with', generatedLate, async () => {
    expect(await generate()).toBe(await readFile(generatedFile, 'utf8'));
  });

  it('fails on a relation that does not say what becomes of its rows, and names it', generatedLate, async () => {
    const silent = (schema: string) => schema.replace(/(model Session \{[^}]*), onDelete: Cascade/, '$1');
    await expect(generate(silent)).rejects.toMatchObject({
      output: expect.stringContaining('Session.user: say what becomes of a Session when its User is deleted'),
    });
  });

  it('fails on a many-to-many relation without a model for the rows between', generatedLate, async () => {
    const between = (schema: string) =>
      schema.replace(/^model Bank \{$/m, '$&\n  tenants Tenant[]').replace(/^model Tenant \{$/m, '$&\n  banks Bank[]');
    await expect(generate(between)).rejects.toMatchObject({
      output: expect.stringMatching(/Tenant\.banks: a many-to-many relation needs a model[^]*Bank\.tenants: a many/),
    });
  });
});
