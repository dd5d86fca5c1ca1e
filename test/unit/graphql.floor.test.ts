import { describe, expect, it } from 'vitest';
import type { Position } from '../../src/cache/index.js';
import { floorToken, parseFloor } from '../../src/graphql/caching/floor.js';

const position: Position = { generation: '5f0c1d2e-7a3b-4c5d-8e9f-0123456789ab', seq: 41 };

describe('a floor token', () => {
  it('is text for a header or an address that reads back as the position it was made of', () => {
    expect(floorToken(position)).toMatch(/^f1\.[\w-]+$/);
    expect(parseFloor(floorToken(position))).toEqual(position);
  });

  it.each([
    '',
    'f1.',
    'f2.NDE6eA',
    'nonsense',
    `${floorToken(position)}=`,
    'f1.eA',
    'f1.OjE',
    `f1.${'A'.repeat(500)}`,
    'f1.OTk5OTk5OTk5OTk5OTk5OTphYg',
  ])('is refused as BAD_INPUT when it is %j, saying what is taken', (token) =>
    expect(() => parseFloor(token)).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining('extensions.cache.floor') }),
    ),
  );

  it('names a generation that no store has when no position is known', () => {
    expect(parseFloor(floorToken())).toEqual({ generation: '', seq: 0 });
  });
});
