import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, errandListTagsFor, families, tagsSpoiledBy } from '../../src/invalidation/index.js';
import type { ModelChange } from '../../src/db/index.js';

const tenants = ['t1', 't2'];
const states = ['DRAFT', 'OPEN', 'ASSIGNED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED', 'EXPIRED', 'DELIVERED'];
const categories = ['DELIVERY', 'SHOPPING', 'PICKUP', 'QUEUEING'];
/** Names that are near to each other: other cases, spaces around, a wildcard, a separator, a letter that folds oddly. */
const areas = [
  'Yaba',
  'yaba',
  ' YABA ',
  'Lekki',
  '*',
  'Lekki:1',
  'Ìkòyí',
  'ÌKÒYÍ',
  'İkeja',
  'ikeja',
  'ΟΔΟΣ',
  'οδοσ',
  'οδος',
];

interface Row {
  readonly tenantId: string;
  readonly state: string;
  readonly category: string;
  readonly area: string;
}

interface Filter {
  readonly states?: readonly string[] | null;
  readonly categories?: readonly string[] | null;
  readonly area?: string | null;
}

const row: fc.Arbitrary<Row> = fc.record({
  tenantId: fc.constantFrom(...tenants),
  state: fc.constantFrom(...states),
  category: fc.constantFrom(...categories),
  area: fc.constantFrom(...areas),
});

const filter: fc.Arbitrary<Filter> = fc.record(
  {
    states: fc.oneof(fc.constant(null), fc.uniqueArray(fc.constantFrom(...states))),
    categories: fc.oneof(fc.constant(null), fc.uniqueArray(fc.constantFrom(...categories))),
    area: fc.oneof(fc.constant(null), fc.constantFrom(...areas)),
  },
  { requiredKeys: [] },
);

/** PostgreSQL's ILIKE in C.UTF-8: letter by letter, to the one lower-case letter Unicode names for it. */
function fold(text: string): string {
  return Array.from(text.trim(), (letter) => String.fromCodePoint(letter.toLowerCase().codePointAt(0)!)).join('');
}

function matches(errand: Row, tenantId: string, { states: inStates, categories: inCategories, area }: Filter): boolean {
  return (
    errand.tenantId === tenantId &&
    (!inStates?.length || inStates.includes(errand.state)) &&
    (!inCategories?.length || inCategories.includes(errand.category)) &&
    (!area || fold(errand.area) === fold(area))
  );
}

function changeOf(before: Row | undefined, after: Row | undefined): ModelChange {
  const whole = (errand: Row | undefined) =>
    errand && { ...errand, id: 'e1', customerId: 'u1', runnerId: null, state: errand.state };
  return { id: 1n, model: 'Errand', before: whole(before), after: whole(after) } as ModelChange;
}

function areSpoilt(tags: readonly string[], change: ModelChange): boolean {
  const spoilt = tagsSpoiledBy([change]);
  return tags.some((tag) => spoilt.includes(tag));
}

const change = fc
  .record({ before: fc.option(row, { nil: undefined }), after: fc.option(row, { nil: undefined }) })
  .filter(({ before, after }) => before !== undefined || after !== undefined);

describe('the tags of an errand list', () => {
  it('are spoilt by every change of a row that the list shows, before the change or after it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tenants), filter, change, (tenantId, wanted, { before, after }) => {
        const touched = [before, after].some((errand) => errand && matches(errand, tenantId, wanted));
        fc.pre(touched);
        expect(areSpoilt(errandListTagsFor({ tenantId, ...wanted }), changeOf(before, after))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('are not spoilt by a change in another area or another market', () => {
    fc.assert(
      fc.property(fc.constantFrom(...tenants), filter, change, (tenantId, wanted, { before, after }) => {
        const rows = [before, after].filter((errand) => errand !== undefined);
        const isElsewhere = (errand: Row): boolean =>
          errand.tenantId !== tenantId ||
          (Boolean(wanted.area?.trim()) && wanted.area !== '*' && fold(errand.area) !== fold(wanted.area ?? ''));
        // Spellings beyond ASCII may share a tag; it only spoils more than it must.
        fc.pre([wanted.area ?? '', ...rows.map(({ area }) => area)].every((area) => /^[ -~]*$/.test(area)));
        fc.pre(rows.every(isElsewhere));
        expect(areSpoilt(errandListTagsFor({ tenantId, ...wanted }), changeOf(before, after))).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it('are not spoilt by a change in other states or categories while a filter names few of them', () => {
    const tags = errandListTagsFor({ tenantId: 't1', states: ['OPEN'], categories: ['DELIVERY'], area: 'Yaba' });
    const here = { tenantId: 't1', state: 'OPEN', category: 'DELIVERY', area: 'yaba' };
    expect(areSpoilt(tags, changeOf(here, undefined))).toBe(true);
    for (const other of [{ state: 'CANCELLED' }, { category: 'PICKUP' }, { area: 'Lekki' }, { tenantId: 't2' }]) {
      expect(areSpoilt(tags, changeOf({ ...here, ...other }, { ...here, ...other }))).toBe(false);
    }
  });

  it('stay few, however much a filter names', () => {
    fc.assert(
      fc.property(filter, (wanted) => {
        expect(errandListTagsFor({ tenantId: 't1', ...wanted }).length).toBeLessThanOrEqual(24);
      }),
    );
  });
});

describe('canonical arguments', () => {
  const json = fc.jsonValue({ maxDepth: 4 });

  it('are the same text in whatever order the fields were written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), (args) => {
        const turned = Object.fromEntries(Object.entries(args).toReversed());
        expect(canonicalJson({ inner: [turned] })).toBe(canonicalJson({ inner: [args] }));
      }),
    );
  });

  it('leave out what was not given, and keep what was given as null', () => {
    expect(canonicalJson({ a: undefined, b: null })).toBe(canonicalJson({ b: null }));
    expect(canonicalJson({ b: null })).not.toBe(canonicalJson({}));
  });

  it('are different texts, and different keys, for different arguments', () => {
    fc.assert(
      fc.property(json, json, (one, other) => {
        const same = canonicalJson(one) === canonicalJson(other);
        expect(same).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
        expect(families.errandList(one) === families.errandList(other)).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });

  it('tell numbers, whole numbers of any size and their texts apart', () => {
    const texts = [1, 1n, '1', 2n ** 64n, true, null, [], {}].map((first) => canonicalJson({ first }));
    expect(new Set(texts).size).toBe(texts.length);
  });
});

/** Another way to say the same: lists and objects as marked lists, fields in the order of their names. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return ['list', ...value.map(sorted)];
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).toSorted((a, b) => (a < b ? -1 : 1));
  return ['object', ...names.map((name) => [name, sorted((value as Record<string, unknown>)[name])])];
}
