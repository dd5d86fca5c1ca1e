import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

export interface GraphqlFault {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly retryable: boolean;
    readonly fields?: readonly { path: string; message: string }[];
  };
}

export interface Answer<Data> {
  readonly status: number;
  readonly data: Data | null | undefined;
  readonly errors: readonly GraphqlFault[];
  /** The Cache-Status header; empty when there is none. */
  readonly cacheStatus: string;
  readonly headers: Headers;
}

/** Speaks GraphQL over real HTTP with documents that are checked against the schema. */
export interface GraphqlClient {
  /** What it sends with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole answer, errors included. */
  ask<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables?: Variables): Promise<Answer<Data>>;
  /** The data. @throws Error naming every GraphQL error */
  get<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables?: Variables): Promise<Data>;
  /** The same client with other headers. */
  with(headers: Readonly<Record<string, string>>): GraphqlClient;
  /** The same client, signed in. */
  as(accessToken: string): GraphqlClient;
}

export function createClient(url: string, headers: Readonly<Record<string, string>> = {}): GraphqlClient {
  async function ask<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables?: Variables,
  ): Promise<Answer<Data>> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: print(document), variables }),
    });
    const { data, errors = [] } = (await response.json()) as { data?: Data; errors?: GraphqlFault[] };
    const { status, headers: answered } = response;
    return { status, data, errors, cacheStatus: answered.get('cache-status') ?? '', headers: answered };
  }

  return {
    headers,
    ask,
    async get(document, variables) {
      const { data, errors } = await ask(document, variables);
      if (errors.length > 0 || !data) throw new Error(errors.map(({ message }) => message).join('; ') || 'no data');
      return data;
    },
    with: (more) => createClient(url, { ...headers, ...more }),
    as: (accessToken) => createClient(url, { ...headers, authorization: `Bearer ${accessToken}` }),
  };
}
