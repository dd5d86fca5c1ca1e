import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodec } from '../../src/cache/codec.js';
import { createCache, createMemoryStore } from '../../src/cache/index.js';
import { openEntry, sealEntry } from '../../src/cache/entry.js';
import { eventsOf, neverLoads, readOf, value } from '../contracts/cache.fixtures.js';

const rows = Array.from({ length: 200 }, (_, at) => ({
  id: at,
  at: new Date(at),
  title: `Errand number ${at} in Lekki`,
}));

describe('packed values', () => {
  it('come back as they were, whatever they are and whatever the threshold', () => {
    const run = fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.nat({ max: 2000 }), (text, above) => {
      const codec = createCodec([]);
      const encoded = codec.encode([text, text, text]);
      const packed = codec.pack(encoded, above);
      expect(codec.unpack(packed)).toBe(encoded);
      expect(codec.decode(packed)).toEqual([text, text, text]);
      expect(packed !== encoded && Buffer.byteLength(encoded) <= above).toBe(false);
      expect(packed.length).toBeLessThanOrEqual(Buffer.byteLength(encoded));
    });
    fc.assert(run, { numRuns: 300 });
  });

  it('stand in the store at a third of their length, and are hits like the others', async () => {
    const store = createMemoryStore();
    const cache = createCache({ store, prefix: 'test', compressAboveBytes: 4096 });
    await cache.read(readOf(value(rows)));
    const { entry = '' } = await store.look('test:e:errand:1', []);
    expect(openEntry(entry).value).toMatch(/^1z\d+:[\w+/]+=*$/);
    expect(entry.length).toBeLessThan(JSON.stringify(rows).length / 3);
    expect(await cache.read(readOf<unknown>(neverLoads))).toMatchObject({ value: rows, outcome: { kind: 'hit' } });
  });

  it("are read whether the reader packs or not, and packing is the reader's of the request first", async () => {
    const store = createMemoryStore();
    const [packing, plain] = [4096, Number.POSITIVE_INFINITY].map((compressAboveBytes) =>
      createCache({ store, prefix: 'test', compressAboveBytes }),
    );
    await packing!.read(readOf(value(rows)));
    expect((await plain!.read(readOf<unknown>(neverLoads))).value).toEqual(rows);
    await plain!.read(readOf(value(rows), { key: 'b' }));
    expect((await packing!.read(readOf<unknown>(neverLoads, { key: 'b' }))).value).toEqual(rows);
    await plain!.read(readOf(value(rows), { key: 'c', compressAboveBytes: 100 }));
    expect(openEntry((await store.look('test:e:c', [])).entry ?? '').value).toMatch(/^1z/);
  });

  it.each<[string, (packed: string) => string]>([
    ['cut short', (packed) => packed.slice(0, -40)],
    ['of another length', (packed) => packed.replace(/\d+:/, '5:')],
    ['no text at all', () => '1z10:????'],
    ['of no length', (packed) => packed.replace(/^1z\d+/, '1z')],
    ['a bomb that says what it is', () => `1z${2 ** 30}:${deflateRawSync(Buffer.alloc(2 ** 20)).toString('base64')}`],
    ['a bomb that lies', () => `1z1000:${deflateRawSync(Buffer.alloc(2 ** 26)).toString('base64')}`],
  ])('that are %s are a miss and one warning, with the checksum right', async (_, damage) => {
    const store = createMemoryStore();
    const cache = createCache({ store, prefix: 'test', compressAboveBytes: 100 });
    await cache.read(readOf(value(rows)));
    const entry = openEntry((await store.look('test:e:errand:1', [])).entry ?? '');
    await store.put('test:e:errand:1', sealEntry({ ...entry, value: damage(entry.value) }), 60_000);
    const corrupt = eventsOf(cache, 'corrupt');
    expect(await cache.read(readOf(value('again')))).toMatchObject({
      value: 'again',
      outcome: { kind: 'miss', reason: 'corrupt' },
    });
    expect(corrupt).toHaveLength(1);
  });

  it('are not made of what could not be unpacked again', () => {
    const codec = createCodec([], 1000);
    const encoded = codec.encode('x'.repeat(2000));
    expect(codec.pack(encoded, 10)).toBe(encoded);
  });
});
