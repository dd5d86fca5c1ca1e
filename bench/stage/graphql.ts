import { isDeepStrictEqual } from 'node:util';

/** What is sent, as the load generator sends it. */
export interface Asking {
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One request. @throws Error when the answer is no answer, or has errors */
export async function ask({ url, body, headers }: Asking): Promise<Answered> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body,
  });
  const text = await response.text();
  const { errors } = JSON.parse(text) as { errors?: unknown };
  if (!response.ok || errors !== undefined) throw new Error(`${url} answers ${response.status}: ${text.slice(0, 300)}`);
  return { text, headers: Object.fromEntries(response.headers) };
}

export async function askFor<Data>(asking: Asking): Promise<Data> {
  return (JSON.parse((await ask(asking)).text) as { data: Data }).data;
}

/** @throws Error when two servers do not answer the same */
export function assertSame(name: string, text: string, reference: string): void {
  if (isDeepStrictEqual(JSON.parse(text), JSON.parse(reference))) return;
  throw new Error(`${name} does not answer what RunAm answers: ${text.slice(0, 300)}`);
}
