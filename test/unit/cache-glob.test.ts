import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatcher } from '../../src/cache/stores/glob.js';

describe('a glob over keys', () => {
  it.each([
    ['errand:*', 'errand:1', true],
    ['errand:*', 'errands', false],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['[a-c]x', 'bx', true],
    ['[c-a]x', 'bx', true],
    ['[^a-c]x', 'bx', false],
    ['[^a-c]x', 'dx', true],
    ['[]x', 'x', false],
    ['[^]x', 'ax', true],
    ['[a\\]]', ']', true],
    ['[ab', '[ab', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a\\', 'a\\', true],
    ['*a*b', 'xxaxxaxb', true],
    ['*a*b', 'xxaxxaxbc', false],
    ['a.c', 'abc', false],
    ['a\nb*', 'a\nbc', true],
  ])('%j takes %j: %s', (pattern, text, isTaken) => {
    expect(globMatcher(pattern)(text)).toBe(isTaken);
  });

  it('takes what its definition takes, whatever the pattern', () => {
    const signs = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
    fc.assert(
      fc.property(signs('ab*?'), signs('ab'), (pattern, text) => {
        expect(globMatcher(pattern)(text)).toBe(isTaken(pattern, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('looks at each character at most once for each sign of the pattern, so that no pattern holds the server up', () => {
    let looks = 0;
    const key = Array.from('a'.repeat(200));
    const counted = new Proxy(key, {
      get(target, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) looks += 1;
        return Reflect.get(target, name) as unknown;
      },
    });
    const pattern = `${'*?'.repeat(100)}z`;
    expect(globMatcher(pattern)(counted as unknown as string)).toBe(false);
    expect(looks).toBeLessThanOrEqual(pattern.length * key.length);
  });
});

function isTaken(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  const rest = pattern.slice(1);
  if (pattern.startsWith('*')) return isTaken(rest, text) || (text !== '' && isTaken(pattern, text.slice(1)));
  return text !== '' && (pattern.startsWith('?') || pattern[0] === text[0]) && isTaken(rest, text.slice(1));
}
