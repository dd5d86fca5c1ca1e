import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { normal, readmeSteps, runSteps } from '../support/readme.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
let database: TestDatabase;
let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'runam-readme-'));
  server = await startServerProcess({
    DATABASE_URL: database.url,
    SEED_DEMO: 'true',
    RUNAM_DATA_DIR: folder,
    PAYOUT_ENCRYPTION_KEY: `test:${Buffer.alloc(32, 1).toString('base64')}`,
    CACHE_CONSISTENCY_ERRAND_LIST: 'acked',
  });
}, 240_000);
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(folder, { recursive: true });
});

it("answers the README's commands as the README prints them", async () => {
  const steps = readmeSteps(readme);
  const printed = await runSteps(steps, server.url.replace('http://', ''));
  expect(steps.length).toBeGreaterThanOrEqual(6);
  steps.forEach((step, index) => expect(printed[index]).toBe(normal(step.printed ?? '')));
});
