/** A GET of GraphQL over real HTTP, as a browser's cache or a CDN would send it. */
export async function getGraphql(
  url: string,
  query: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const address = new URL('/graphql', url);
  address.searchParams.set('query', query);
  return fetch(address, { headers: { 'apollo-require-preflight': '1', ...headers } });
}

/** A POST of GraphQL over real HTTP, with the whole body of the answer. */
export async function postGraphql(
  url: string,
  query: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly response: Response; readonly body: GraphqlBody }> {
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return { response, body: (await response.json()) as GraphqlBody };
}

export interface GraphqlBody {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> }[];
  readonly extensions?: { readonly cache?: CacheExtension };
}

export interface CacheExtension {
  readonly floor?: string;
  readonly fields?: readonly Readonly<Record<string, unknown>>[];
  readonly viewer?: readonly Readonly<Record<string, unknown>>[];
}
