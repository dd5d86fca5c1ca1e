import { setTimeout as pause } from 'node:timers/promises';
import { GraphQLError, type ExecutionResult } from 'graphql';
import { AppError } from '../../kernel/index.js';
import type { EventStream } from './event-stream.js';

/** Answers until the client or the server ends them. */
export type Answers = AsyncGenerator<ExecutionResult, void, undefined>;

export interface Answering<Item> {
  /** Undefined: there is nothing to say. */
  answer(item: Item): Promise<ExecutionResult | undefined>;
  /** What is said when it cannot be answered; it is the last thing said, so that the client knows to begin anew. */
  failed(error: unknown): ExecutionResult;
}

const retryPauseMs = 200;
const retriesMax = 50;

/**
 * An answer for each item, in their order. One that cannot be read now, because the database is away, is waited for. Ending
 * it ends a wait for the next item, too, as a generator by itself would not.
 */
export function answersTo<Item>(stream: EventStream<Item>, { answer, failed }: Answering<Item>): Answers {
  let isOver = false;

  async function patiently(item: Item): Promise<ExecutionResult | undefined> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await answer(item);
      } catch (error) {
        const cause = error instanceof GraphQLError ? error.originalError : error;
        const isWorthIt = cause instanceof AppError && cause.retryable && retries < retriesMax;
        if (!isWorthIt || isOver) throw error;
        await pause(retryPauseMs);
      }
    }
  }

  async function* run(): Answers {
    try {
      for await (const item of stream) {
        const result = await patiently(item);
        if (result) yield result;
      }
    } catch (error) {
      yield failed(error);
    }
  }

  const answers = run();
  const end = async (): Promise<void> => {
    isOver = true;
    await stream.return();
  };
  return Object.assign(Object.create(answers) as Answers, {
    next: () => answers.next(),
    async return() {
      await end();
      return answers.return();
    },
    async throw(error: unknown) {
      await end();
      return answers.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this as Answers;
    },
    async [Symbol.asyncDispose]() {
      await end();
      await answers.return();
    },
  });
}
