import { ApolloArmor } from '@escape.tech/graphql-armor';
import {
  createSourceEventStream,
  execute,
  getOperationAST,
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { AppError, startRounds, type Logger, type Viewer } from '../../kernel/index.js';
import { formatError, isDefect } from '../errors.js';
import { limits, tokensMax } from '../limits.js';
import { createContextFactory, type ContextDeps } from '../request-context.js';
import { resolveViewer } from '../viewer.js';
import { answersTo, type Answers } from './answers.js';
import type { EventStream } from './event-stream.js';
import type { Announced, SubscriberFacts, SubscriptionContext } from './subscriber.js';

/** What a client sends to subscribe. */
export interface Asked {
  readonly query?: unknown;
  readonly operationName?: unknown;
  readonly variables?: unknown;
}

/** Subscriptions, whatever they come and go by. */
export interface Subscriptions {
  /** Parsed, within the limits of every document, and allowed; else why not. Never rejects. */
  prepare(asked: Asked, subscriber: SubscriberFacts): Promise<ExecutionArgs | readonly GraphQLError[]>;
  /** Runs what was prepared: a stream of answers, or one answer that says why there is none. */
  subscribe(args: ExecutionArgs): Promise<Answers | ExecutionResult>;
  /** Errors as clients see them; what is ours is logged and masked. */
  present(errors: readonly GraphQLError[], requestId: string): ExecutionResult;
  /** @throws AppError UNAUTHENTICATED, NOT_FOUND */
  identify(subscriber: SubscriberFacts): Promise<Viewer>;
  /** Looks again and again whether the subscriber may still be there. @returns what stops it */
  watch(subscriber: SubscriberFacts, onEnded: (why: AppError) => void): () => void;
}

export interface SubscriptionsOptions {
  readonly schema: GraphQLSchema;
  readonly context: ContextDeps;
  readonly logger: Logger;
  readonly introspection: boolean;
  /** How often `watch` looks. */
  readonly viewerCheckMs: number;
}

export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const { schema, context: deps, logger, introspection, viewerCheckMs } = options;
  const { validationRules } = new ApolloArmor(limits).protect();
  const rules = [...specifiedRules, ...validationRules, ...(introspection ? [] : [NoSchemaIntrospectionCustomRule])];
  const contextOf = createContextFactory(deps);
  const present: Subscriptions['present'] = (errors, requestId) => {
    for (const error of errors.filter(isDefect))
      logger.error({ err: error.originalError ?? error, requestId }, 'a subscription failed unexpectedly');
    return { errors: errors.map((error) => formatted(error, requestId)) };
  };
  const contextFor = async (subscriber: SubscriberFacts): Promise<SubscriptionContext> => {
    const none = { cacheTrace: undefined, cacheFloor: undefined, idempotencyKey: undefined };
    return { ...(await contextOf({ ...subscriber, ...none })), subscriber };
  };

  return {
    present,
    async prepare(asked, subscriber) {
      try {
        const document = documentOf(asked);
        const faults = validate(schema, document, rules);
        if (faults.length > 0) return faults.map((fault) => withCode(fault, 'GRAPHQL_VALIDATION_FAILED'));
        const operationName = typeof asked.operationName === 'string' ? asked.operationName : undefined;
        requireSubscription(document, operationName);
        const variableValues = (asked.variables ?? {}) as Readonly<Record<string, unknown>>;
        return { schema, document, operationName, variableValues, contextValue: await contextFor(subscriber) };
      } catch (error) {
        return [asGraphqlError(error)];
      }
    },
    async subscribe(args) {
      const { subscriber } = args.contextValue as SubscriptionContext;
      const source = await createSourceEventStream(args);
      if (!(Symbol.asyncIterator in source)) {
        // What has no cause was said by the execution itself, of the variables.
        const errors = source.errors ?? [];
        const said = errors.map((error) => (error.originalError ? error : withCode(error, 'BAD_USER_INPUT')));
        return present(said, subscriber.requestId);
      }
      return answersTo(source as EventStream<Announced>, {
        async answer(announced) {
          const contextValue = await contextFor(subscriber);
          const rootValue = await announced.load(contextValue);
          if (rootValue === undefined) return undefined;
          const { data, errors } = await execute({ ...args, rootValue, contextValue });
          const shown = data === undefined ? {} : { data };
          return errors ? { ...shown, ...present(errors, subscriber.requestId) } : shown;
        },
        failed: (error) => present([asGraphqlError(error)], subscriber.requestId),
      });
    },
    identify: (subscriber) => resolveViewer(deps, subscriber),
    watch(subscriber, onEnded) {
      const rounds = startRounds({
        async work(goesOn) {
          const why = await refusalOf(resolveViewer(deps, subscriber));
          if (why && goesOn()) onEnded(why);
        },
        everyMs: viewerCheckMs,
        logger,
        failing: 'cannot see whether subscribers may still be here; trying on',
        mended: 'subscribers are looked at again',
      });
      return () => void rounds.stop();
    },
  };
}

/** Why this is nobody who may be here. @throws what is no answer to that, such as a database that is away */
async function refusalOf(viewer: Promise<Viewer>): Promise<AppError | undefined> {
  try {
    await viewer;
    return undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED') return error;
    throw error;
  }
}

/** @throws GraphQLError for what is no GraphQL */
function documentOf({ query }: Asked): DocumentNode {
  if (typeof query !== 'string') throw new AppError('BAD_INPUT', 'query: takes the text of a GraphQL subscription.');
  try {
    return parse(query, { maxTokens: tokensMax });
  } catch (error) {
    throw error instanceof GraphQLError ? withCode(error, 'GRAPHQL_PARSE_FAILED') : error;
  }
}

function requireSubscription(document: DocumentNode, operationName: string | undefined): void {
  const operation = getOperationAST(document, operationName);
  if (!operation) throw new AppError('BAD_INPUT', 'operationName: names no operation of the document.');
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION)
    throw new AppError(
      'BAD_INPUT',
      'Only subscriptions come by this way; send queries and mutations to POST /graphql.',
    );
}

function asGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { nodes, source, positions } = error;
  return new GraphQLError(error.message, {
    ...(nodes && { nodes }),
    ...(source && { source }),
    ...(positions && { positions }),
    extensions: { ...error.extensions, code },
  });
}

/** As `formatError` has it for answers over HTTP. */
function formatted(error: GraphQLError, requestId: string): GraphQLError {
  const plain = error.toJSON();
  const { message, extensions } = formatError({ ...plain, extensions: { ...plain.extensions, requestId } }, error);
  const { nodes, source, positions, path } = error;
  return new GraphQLError(message, {
    ...(nodes && { nodes }),
    ...(source && { source }),
    ...(positions && { positions }),
    ...(path && { path }),
    ...(extensions && { extensions }),
  });
}
