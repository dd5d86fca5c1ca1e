import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { dataModelOf, sourceOf } from './lib/data-model.mjs';
import { rootDir } from './lib/run.mjs';

// A generator of Prisma's: `prisma generate` starts it and asks in JSON-RPC, a line a message, for its manifest and then, with
// the parsed schema, for its work. Answers go to stderr. https://www.prisma.io/docs/orm/prisma-schema/overview/generators
const generatedDir = join(rootDir, 'src', 'db', 'generated');

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  try {
    answer({ id, result: await respond(method, params) });
  } catch (error) {
    answer({ id, error: { code: -32000, message: error.message, data: { stack: error.message } } });
  }
}

async function respond(method, params) {
  if (method === 'getManifest') return { manifest: { prettyName: 'the data model', defaultOutput: generatedDir } };
  const outputDir = params.generator.output?.value ?? generatedDir;
  await mkdir(outputDir, { recursive: true });
  await writeFile(join(outputDir, 'data-model.ts'), sourceOf(dataModelOf(params.dmmf.datamodel)));
  return null;
}

function answer(message) {
  process.stderr.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}
