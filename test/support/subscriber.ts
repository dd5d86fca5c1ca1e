import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { vi } from 'vitest';
import { WebSocket } from 'ws';

type Row = Readonly<Record<string, unknown>>;

/** One subscription of one client, and all that it has been sent. */
export interface Subscribed {
  /** The value of the root field of each answer. */
  readonly seen: readonly Row[];
  /** Of answers, of refusals, and what the connection ended with. */
  readonly errors: readonly unknown[];
  /** It was ended by the server, or by `stop`. */
  readonly isOver: boolean;
  /** Resolves when so many were seen. @throws when they do not come */
  sees(count: number): Promise<void>;
  /** Resolves when there is an error or an end. */
  ends(): Promise<void>;
  stop(): Promise<void>;
}

export interface SubscribeOptions {
  readonly url: string;
  readonly query: string;
  readonly variables?: Row;
  /** As in the client's headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

const patience = { timeout: 45_000, interval: 20 };

export function subscribeByWebsocket({ url, query, variables = {}, headers = {} }: SubscribeOptions): Subscribed {
  const client = createWsClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: headers,
    retryAttempts: 0,
    lazy: true,
    onNonLazyError: () => {},
  });
  return collect(
    (sink) => client.subscribe({ query, variables }, sink),
    () => client.dispose(),
  );
}

export function subscribeByEvents({ url, query, variables = {}, headers = {} }: SubscribeOptions): Subscribed {
  const client = createSseClient({ url: `${url}/graphql/stream`, headers, retryAttempts: 0, singleConnection: false });
  return collect(
    (sink) => client.subscribe({ query, variables }, sink),
    () => client.dispose(),
  );
}

interface Sink {
  next(result: { readonly data?: Row | null | undefined; readonly errors?: readonly unknown[] | undefined }): void;
  error(error: unknown): void;
  complete(): void;
}

function collect(start: (sink: Sink) => () => void, dispose: () => void | Promise<void>): Subscribed {
  const seen: Row[] = [];
  const errors: unknown[] = [];
  let isOver = false;
  const unsubscribe = start({
    next({ data, errors: faults }) {
      if (faults) errors.push(...faults);
      for (const value of Object.values(data ?? {})) seen.push(value as Row);
    },
    error(error) {
      errors.push(...(Array.isArray(error) ? error : [error]));
      isOver = true;
    },
    complete: () => void (isOver = true),
  });
  return {
    seen,
    errors,
    get isOver() {
      return isOver;
    },
    sees: (count) =>
      vi.waitFor(() => {
        if (seen.length < count)
          throw new Error(`saw ${seen.length} of ${count}; errors: ${errors.map((one) => JSON.stringify(one)).join()}`);
      }, patience),
    ends: () =>
      vi.waitFor(() => {
        if (!isOver) throw new Error('it goes on');
      }, patience),
    async stop() {
      unsubscribe();
      await dispose();
    },
  };
}
