import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { normal, readmeSteps, runSteps } from '../support/readme.js';
import { startServerProcess, type ServerProcess } from '../support/server-process.js';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
let database: TestDatabase;
let server: ServerProcess;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startServerProcess({
    DATABASE_URL: database.url,
    SEED_DEMO: 'true',
    CACHE_CONSISTENCY_ERRAND_LIST: 'acked',
  });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

it("answers the README's commands as the README prints them", async () => {
  const steps = readmeSteps(readme);
  const printed = await runSteps(steps, server.url.replace('http://', ''));
  expect(steps.length).toBeGreaterThanOrEqual(6);
  steps.forEach((step, index) => expect(printed[index]).toBe(normal(step.printed ?? '')));
});
