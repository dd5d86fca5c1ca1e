import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uuidv7 } from '../../src/kernel/index.js';
import { ask, everything, mutate } from '../support/keyed-calls.js';
import { errandInput, join, openMarket, type Person } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let customer: Person;

beforeAll(async () => {
  app = await startTestApp({ timersEveryMs: 3_600_000 });
  await openMarket(app.app.db);
  customer = await join(app.client, 'CUSTOMER');
});
afterAll(() => app.close());

describe('the header Idempotency-Key', () => {
  const withHeader = (key: string) => customer.client.with({ 'idempotency-key': key });

  it.each([
    ['in quotes', (key: string) => `"${key}"`],
    ['bare', (key: string) => key],
  ])('does the same as the argument, %s', async (_form, write) => {
    const key = uuidv7();
    const variables = { input: errandInput() };
    const first = await mutate(withHeader(write(key)), 'postErrand', variables);
    expect(first.isReplay).toBe(false);
    expect(await mutate(withHeader(write(key)), 'postErrand', variables)).toEqual({ ...first, isReplay: true });
    expect(await mutate(customer.client, 'postErrand', variables, key)).toEqual({ ...first, isReplay: true });
  });

  it('is refused beside an argument that says otherwise, and when it is no key', async () => {
    const variables = { input: errandInput() };
    const before = await everything(app.app.db);
    const other = await ask(withHeader('"one"'), 'postErrand', variables, 'other');
    expect(other.errors).toMatchObject([{ extensions: { code: 'BAD_INPUT' } }]);
    for (const header of ['"open', 'a"b', '"a"; p=1', '""', 'two words']) {
      expect(await ask(withHeader(header), 'postErrand', variables)).toMatchObject({
        status: 400,
        errors: [{ extensions: { code: 'BAD_INPUT' } }],
      });
    }
    expect(await everything(app.app.db)).toEqual(before);
  });

  it('is refused for several mutations at once, and for one that takes no key', async () => {
    const documents = [
      'mutation ($input: PostErrandInput!) { one: postErrand(input: $input) { isReplay } ...two } fragment two on Mutation { two: postErrand(input: $input) { isReplay } }',
      'mutation { updateProfile(input: { bio: "Quick." }) { user { id } } }',
    ];
    const before = await everything(app.app.db);
    for (const text of documents) {
      const document = parse(text) as TypedDocumentNode<object>;
      const variables = text.includes('$input') ? { input: errandInput() } : {};
      const { errors } = await withHeader(uuidv7()).ask(document, variables);
      expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_INPUT' } });
    }
    expect(await everything(app.app.db)).toEqual(before);
  });

  it('changes nothing for queries', async () => {
    const { errors, data } = await withHeader('"x"').ask(
      parse('{ __typename me { id } }') as TypedDocumentNode<object>,
    );
    expect([errors, data]).toEqual([[], { __typename: 'Query', me: { id: customer.id } }]);
  });
});
