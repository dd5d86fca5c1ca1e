export interface RestFault {
  readonly message: string;
  readonly extensions: { readonly code: string; readonly retryable: boolean; readonly requestId: string };
}

export interface RestAnswer<Body> {
  readonly status: number;
  readonly body: Body & { readonly errors?: readonly RestFault[] };
  readonly headers: Headers;
}

/** Speaks JSON over real HTTP. */
export interface RestClient {
  get<Body = unknown>(path: string): Promise<RestAnswer<Body>>;
  /** @param body left out: none is sent */
  post<Body = unknown>(path: string, body?: unknown): Promise<RestAnswer<Body>>;
}

export function createRestClient(url: string, headers: Readonly<Record<string, string>> = {}): RestClient {
  async function send<Body>(method: string, path: string, body: unknown): Promise<RestAnswer<Body>> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as RestAnswer<Body>['body'];
    return { status: response.status, body: answer, headers: response.headers };
  }
  return { get: (path) => send('GET', path, undefined), post: (path, body) => send('POST', path, body) };
}
