import { parseExact, type Json } from './exact-json.js';

/** Where a provider's API stands and how to speak to it. */
export interface ApiConfig {
  /** A function is asked at every call: for a server that starts when it is needed. */
  readonly baseUrl: string | (() => Promise<string>);
  readonly secretKey: string;
  /** Longest wait for an answer; in milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** What came of a request: an answer that could be read, or nothing that says whether there was an effect. */
export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Json }
  | { readonly kind: 'unknown'; readonly reason: string };

export type Ask = (method: 'GET' | 'POST', path: string, body?: string) => Promise<Answer>;

const timeoutMsStandard = 10_000;
/** They say nothing of what was asked for: who may ask, how often, and whether the provider is well. */
const statusesWithoutAnswer: ReadonlySet<number> = new Set([401, 403, 407, 408, 425, 429]);

/** Asks with the secret key as a bearer. Redirects are not followed: the key goes to nobody else. Never throws for the network. */
export function createAsk({ baseUrl, secretKey, timeoutMs = timeoutMsStandard }: ApiConfig): Ask {
  return async (method, path, body) => {
    try {
      const base = (typeof baseUrl === 'string' ? baseUrl : await baseUrl()).replace(/\/+$/, '');
      const response = await fetch(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${secretKey}`,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body }),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return answerOf(response.status, await response.text());
    } catch (error) {
      return { kind: 'unknown', reason: reasonOf(error, timeoutMs) };
    }
  };
}

function answerOf(status: number, text: string): Answer {
  if (status < 200 || status >= 500 || statusesWithoutAnswer.has(status) || (status >= 300 && status < 400))
    return { kind: 'unknown', reason: `the provider answered ${status}` };
  try {
    return { kind: 'answer', status, body: parseExact(text) };
  } catch {
    // Neither a yes nor a no.
    return { kind: 'unknown', reason: `the provider answered ${status} with something that is no JSON` };
  }
}

/** Says what happened without the address or anything that was sent. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? `the connection failed: ${code}` : 'the connection failed';
}
