import { expect, it } from 'vitest';
import { tags, tagsSpoiledBy } from '../../src/invalidation/index.js';
import { bankCountries } from '../../src/modules/banks/bank.js';

it('spoils the bank list of every country when an alias changes, because an alias does not say which country it is of', () => {
  const after = { bankId: '0192f0c1-2b3c-7d4e-8f50-61728394a5b6', name: 'An earlier name' };
  const spoilt = tagsSpoiledBy([{ id: 1n, model: 'BankAlias', before: undefined, after }]);
  expect(spoilt.toSorted()).toEqual(bankCountries.map(tags.banks).toSorted());
});
