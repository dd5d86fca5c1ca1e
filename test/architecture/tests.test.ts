import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import config from '../../vitest.config.js';

const root = join(import.meta.dirname, '../..');
const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(root, 'test', file))
  .filter((file) => file !== import.meta.filename);

/** Test files that do so. */
const doing = (what: RegExp): readonly string[] =>
  files
    .filter((file) => what.test(readFileSync(file, 'utf8')))
    .map((file) => relative(root, file))
    .toSorted();

it('a test file that puts another module in the place of one has modules of its own; the others share those of their worker', () => {
  const alone = (config.test?.projects ?? []).flatMap((project) =>
    typeof project === 'object' && 'test' in project && project.test?.isolate === true ? project.test.include : [],
  );
  expect(alone).toEqual(doing(/\bvi\.(mock|doMock|resetModules)\(/));
});

it('no test file changes the environment, which would be that of the files after it', () => {
  expect(doing(/process\.env\[?[^=\n]*\]?\s=\s|vi\.stub(Env|Global)\(/)).toEqual([]);
});

it('a test file that sets another clock sets the real one again', () => {
  const setters = doing(/\bvi\.(useFakeTimers|setSystemTime)\(/);
  expect(setters).toEqual(doing(/\bvi\.useRealTimers\(\)/));
  expect(setters.length).toBeGreaterThan(0);
});
