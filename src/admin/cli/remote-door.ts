import type { CacheDoor } from './door.js';
import { CliFault } from './fault.js';

export interface RemoteOptions {
  /** Where the server answers, such as `http://localhost:4000`. */
  readonly url: string;
  /** An access token of an admin. */
  readonly token: string;
  /** Default `globalThis.fetch`. */
  readonly send?: typeof fetch;
}

/** Through a running server, by `/api/cache/*`. @throws CliFault in each call when the server refuses or is not there */
export function remoteDoor({ url, token, send = fetch }: RemoteOptions): CacheDoor {
  const ask = async <Report>(method: string, path: string, body?: object, alsoTaken?: number): Promise<Report> => {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await send(new URL(`/api/cache/${path}`, url), init).catch((error: unknown) => {
      throw new CliFault('failed', `No server answers at ${url}: ${causeOf(error)}.`);
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok || (response.status === alsoTaken && !isFault(answer))) return answer as Report;
    throw faultOf(response.status, answer);
  };
  return {
    stats: (query) => ask('GET', `stats${search(query)}`),
    // Unhealthy is an answer, with status 503.
    health: (query) => ask('GET', `health${search(query)}`, undefined, 503),
    keys: (query) => ask('GET', `keys${search(query)}`),
    clear: (input) => ask('POST', 'clear', input),
    clearAll: () => ask('POST', 'clear_all'),
    warm: (input) => ask('POST', 'warm', input),
    explain: (input) => ask('POST', 'explain', input),
    advise: (query) => ask('GET', `advise${search(query)}`),
    close: async () => {},
  };
}

function search(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

function isFault(answer: unknown): answer is { readonly errors: readonly { readonly message: string }[] } {
  return typeof answer === 'object' && answer !== null && 'errors' in answer;
}

function faultOf(status: number, answer: unknown): CliFault {
  const said = isFault(answer) ? answer.errors[0]?.message : undefined;
  const message = said ?? `The server answers with status ${status}, and not as RunAm does.`;
  return new CliFault(status === 400 ? 'usage' : 'failed', message);
}

function causeOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error ? cause.message || String(cause) : message;
}
