import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/index.js';
import { plays } from '../sim/run/steps.js';
import { unplayed } from '../sim/unplayed.js';

const simDir = fileURLToPath(new URL('../sim/', import.meta.url));
const sources = readdirSync(simDir, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(`${simDir}${file}`, 'utf8'))
  .join('\n');
/** Of the documents that stand whole in the sources; plays put theirs together from their names. */
const written = [...sources.matchAll(/\bmutation (?:\([^{]*\) )?\{ (\w+)\(/g)].map(([, name]) => name!);
const played = new Set([...written, ...plays.map(({ name }) => name)]);

describe('the simulation', () => {
  it('plays every mutation of the API, or says why not', async () => {
    const mutations = Object.keys((await createSchema()).getMutationType()!.getFields());
    expect(mutations.filter((name) => !played.has(name) && !(name in unplayed))).toEqual([]);
    expect(Object.keys(unplayed).filter((name) => played.has(name) || !mutations.includes(name))).toEqual([]);
    expect([...played].filter((name) => !mutations.includes(name))).toEqual([]);
  });
});
