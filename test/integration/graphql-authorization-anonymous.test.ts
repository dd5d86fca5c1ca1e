import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  isRequiredArgument,
  parse,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSchema } from '../../src/graphql/index.js';
import { openMarket } from '../support/market.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const anyId = '0192f0c1-2b3c-7d4e-8f50-61728394a5b6';
/** What needs no sign-in. A field that is not named here and lets anonymous callers in fails the walk below. */
const publicFields: ReadonlySet<string> = new Set([
  'banks',
  'errand',
  'errands',
  'offerRules',
  'refreshSession',
  'signIn',
  'signUp',
]);

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await openMarket(app.app.db);
});
afterAll(() => app.close());

describe('a caller who is not signed in', async () => {
  const schema = await createSchema();
  const fieldsOf = (kind: 'query' | 'mutation') => {
    const type = kind === 'query' ? schema.getQueryType() : schema.getMutationType();
    return Object.values(type?.getFields() ?? {}).map((field) => ({ kind, name: field.name, field }));
  };
  const fields = [...fieldsOf('query'), ...fieldsOf('mutation')];
  const ask = async (kind: string, field: GraphQLField<unknown, unknown>) => {
    const document = parse(`${kind} { ${callOf(field)} }`) as TypedDocumentNode<object, object>;
    return (await app.client.ask(document, {})).errors;
  };

  it.each(fields.filter(({ name }) => !publicFields.has(name)))('is refused $kind $name', async ({ kind, field }) => {
    const errors = await ask(kind, field);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
    expect(errors[0]?.message).toMatch(/^Sign in first/);
  });

  it.each(fields.filter(({ name }) => publicFields.has(name)))('may ask for $kind $name', async ({ kind, field }) => {
    const errors = await ask(kind, field);
    expect(errors.filter(({ message }) => message.startsWith('Sign in first'))).toEqual([]);
  });

  it('meets every public field by a name that exists', () => {
    const names = new Set(fields.map(({ name }) => name));
    expect([...publicFields].filter((name) => !names.has(name))).toEqual([]);
  });
});

/** A field with made-up values for what it requires, as GraphQL text. */
function callOf({ name, args, type }: GraphQLField<unknown, unknown>): string {
  const given = args.filter(isRequiredArgument).map((arg) => `${arg.name}: ${valueOf(arg.type)}`);
  const selection = isLeafType(getNamedType(type)) ? '' : ' { __typename }';
  return `${name}${given.length > 0 ? `(${given.join(', ')})` : ''}${selection}`;
}

function valueOf(type: GraphQLInputType): string {
  if (isNonNullType(type)) return valueOf(type.ofType);
  if (isListType(type)) return `[${valueOf(type.ofType)}]`;
  if (isEnumType(type)) return type.getValues()[0]!.name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(isRequiredInputField);
    return `{ ${fields.map((field) => `${field.name}: ${valueOf(field.type)}`).join(', ')} }`;
  }
  const values: Readonly<Record<string, string>> = { ID: `"${anyId}"`, String: '"text"', Boolean: 'true' };
  return values[type.name] ?? '1';
}
