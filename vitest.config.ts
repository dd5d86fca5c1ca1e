import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const withoutServices = ['test/unit/**/*.test.ts', 'test/architecture/**/*.test.ts'];
/** They put something else in the place of a module, which has to be done before anybody has loaded it. */
const mocking = ['test/property/cache-near.property.test.ts'];

export default defineConfig({
  // Vite would take graphql's ES modules, its dependents take CommonJS, and two copies of graphql refuse each other.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    maxWorkers: Math.min(2, availableParallelism()),
    testTimeout: 60_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
    // A worker loads the program once, not once a file: that is half of what a file takes. No module keeps state of its own.
    isolate: false,
    projects: [
      { extends: true, test: { name: 'unit', include: withoutServices } },
      { extends: true, test: { name: 'mocking', include: mocking, isolate: true } },
      {
        extends: true,
        test: {
          name: 'services',
          include: ['test/**/*.test.ts'],
          exclude: [...withoutServices, ...mocking],
          globalSetup: 'test/support/global-setup.ts',
          setupFiles: 'test/support/setup.ts',
        },
      },
    ],
  },
});
