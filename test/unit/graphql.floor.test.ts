import { describe, expect, it } from 'vitest';
import type { CacheEvent, Position } from '../../src/cache/index.js';
import { createFloors, floorToken, parseFloor } from '../../src/graphql/caching/floor.js';

const position: Position = { generation: '5f0c1d2e-7a3b-4c5d-8e9f-0123456789ab', seq: 41 };

function cacheAt(at: Position | undefined) {
  const observers: ((event: CacheEvent) => void)[] = [];
  return {
    position: () => at,
    on: (observer: (event: CacheEvent) => void) => {
      observers.push(observer);
      return () => {};
    },
    emit: (event: CacheEvent) => observers.forEach((observer) => observer(event)),
  };
}

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

  it('stands at the position of the process', () => {
    const floors = createFloors(cacheAt(position));
    expect(parseFloor(floors.since(floors.mark()))).toEqual(position);
  });

  it('names a generation that no store has when the position is not known', () => {
    const floors = createFloors(cacheAt(undefined));
    expect(parseFloor(floors.since(floors.mark())).generation).toBe('-');
  });

  it('names a generation that no store has when a bump failed since the request began, and only then', () => {
    const cache = cacheAt(position);
    const floors = createFloors(cache);
    const before = floors.mark();
    cache.emit({ kind: 'bump-failed', tags: ['a'], error: new Error('away') });
    expect(parseFloor(floors.since(before)).generation).toBe('-');
    expect(parseFloor(floors.since(floors.mark()))).toEqual(position);
  });
});
