import { describe, expect, it } from 'vitest';
import { CacheUnavailable } from '../../src/cache/index.js';
import type { ModelChange } from '../../src/db/index.js';
import { createInvalidator, type CacheType, type InvalidatorOptions } from '../../src/invalidation/index.js';
import { AppError, silentLogger } from '../../src/kernel/index.js';

const escrow: ModelChange = {
  id: 1n,
  model: 'Escrow',
  before: undefined,
  after: { id: 'e1', tenantId: 't', errandId: 'r1', customerId: 'c', runnerId: null, state: 'AWAITING_FUNDS' },
};
const tenant: ModelChange = { id: 2n, model: 'Tenant', before: { id: 't', slug: 'lagos' }, after: undefined };
const escrowTags = ['escrow:e1', 'errand_escrow:r1', 'user_escrows:c'];

/** An invalidator over a cache that writes down what it is told. */
function create(options: Partial<InvalidatorOptions> = {}, isLost = false) {
  const said: (readonly unknown[])[] = [];
  const command = async <T>(words: readonly unknown[], result: T): Promise<T> => {
    said.push(words);
    if (isLost) throw new CacheUnavailable('lost, on purpose');
    return result;
  };
  const invalidator = createInvalidator({
    cache: {
      begin: (token, tags) => command(['begin', token, ...tags], undefined),
      end: (token, outcome, tags) => command(['end', token, outcome, ...tags], true),
      bump: (tags) => command(['bump', ...tags], undefined),
    },
    strictTypes: new Set<CacheType>(['ESCROW_DETAIL']),
    onLoss: 'commit',
    logger: silentLogger,
    ...options,
  });
  return { invalidator, said };
}

describe('a transaction', () => {
  it('is announced with the tags of what strict answers show, and ended with all of its tags', async () => {
    const { invalidator, said } = create();
    await invalidator.prepare([tenant, escrow], 'x');
    await invalidator.settle([tenant, escrow], 'x', 'committed');
    expect(said).toEqual([
      ['begin', 'x', ...escrowTags],
      ['end', 'x', 'committed', 'tenant_slug:lagos', ...escrowTags],
    ]);
  });

  it('costs one call when no strict answer shows what it changed', async () => {
    const { invalidator, said } = create();
    await invalidator.prepare([tenant], 'x');
    await invalidator.settle([tenant], 'x', 'committed');
    expect(said).toEqual([['end', 'x', 'committed', 'tenant_slug:lagos']]);
  });

  it('spoils nothing when it was rolled back', async () => {
    const { invalidator, said } = create();
    await invalidator.prepare([escrow], 'x');
    await invalidator.settle([escrow], 'x', 'rolledBack');
    expect(said.at(-1)).toEqual(['end', 'x', 'rolledBack']);
  });

  it('is made without an announcement when the cache is lost and availability was chosen', async () => {
    const { invalidator } = create({}, true);
    await expect(invalidator.prepare([escrow], 'x')).resolves.toBeUndefined();
    await expect(invalidator.settle([escrow], 'x', 'committed')).rejects.toBeInstanceOf(CacheUnavailable);
  });

  it('is refused, to be tried again, when the cache is lost and strictness was chosen', async () => {
    const { invalidator } = create({ onLoss: 'abort' }, true);
    const refused = invalidator.prepare([escrow], 'x');
    await expect(refused).rejects.toBeInstanceOf(AppError);
    await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  it('is made all the same when no strict answer shows what it changed', async () => {
    const { invalidator, said } = create({ onLoss: 'abort' }, true);
    await invalidator.prepare([tenant], 'x');
    expect(said).toEqual([]);
  });
});

describe('changes that nobody told of', () => {
  it('spoil their tags in one call, whatever transactions they are from', async () => {
    const { invalidator, said } = create();
    await invalidator.tell([tenant, escrow]);
    expect(said).toEqual([['bump', 'tenant_slug:lagos', ...escrowTags]]);
  });
});
