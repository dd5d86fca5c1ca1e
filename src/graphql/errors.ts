import type { ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError, type ErrorCode, type Logger } from '../kernel/index.js';
import type { GraphqlContext } from './context.js';

/** How a code looks to a client when the whole request fails with it; errors inside an answer travel with status 200. */
interface Presentation {
  readonly httpStatus: number;
}

/** Total: a code without a presentation does not compile. */
const presentations: Record<ErrorCode, Presentation> = {
  BAD_INPUT: { httpStatus: 400 },
  UNAUTHENTICATED: { httpStatus: 401 },
  INVALID_CREDENTIALS: { httpStatus: 401 },
  SESSION_REUSED: { httpStatus: 401 },
  FORBIDDEN: { httpStatus: 403 },
  NOT_FOUND: { httpStatus: 404 },
  ALREADY_EXISTS: { httpStatus: 409 },
  VERSION_CONFLICT: { httpStatus: 409 },
  ILLEGAL_TRANSITION: { httpStatus: 409 },
  IDEMPOTENCY_CONFLICT: { httpStatus: 422 },
  INSUFFICIENT_FUNDS: { httpStatus: 409 },
  LIMIT_EXCEEDED: { httpStatus: 422 },
  RATE_LIMITED: { httpStatus: 429 },
  UNAVAILABLE: { httpStatus: 503 },
};

/** The HTTP status of a whole request that failed with this code. */
export function httpStatusOf(code: ErrorCode): number {
  return presentations[code].httpStatus;
}

/** A failure of the whole request, before any field ran: carries its HTTP status. */
export function toRequestError(error: AppError): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { http: { status: httpStatusOf(error.code) } },
  });
}

/** A failure of the whole request that is ours: masked, but with the id it is logged under. */
export function toDefect(error: unknown, requestId: string): GraphQLError {
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError('failed', {
    originalError,
    extensions: { code: 'INTERNAL', requestId, http: { status: 500 } },
  });
}

/** Apollo's names for faults in the request itself, and ours for the one that is an input fault. */
const requestCodes: ReadonlyMap<unknown, string> = new Map([
  ['GRAPHQL_PARSE_FAILED', 'GRAPHQL_PARSE_FAILED'],
  ['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_VALIDATION_FAILED'],
  ['PERSISTED_QUERY_NOT_FOUND', 'PERSISTED_QUERY_NOT_FOUND'],
  ['PERSISTED_QUERY_NOT_SUPPORTED', 'PERSISTED_QUERY_NOT_SUPPORTED'],
  ['OPERATION_RESOLUTION_FAILURE', 'OPERATION_RESOLUTION_FAILURE'],
  ['BAD_REQUEST', 'BAD_INPUT'],
  ['BAD_USER_INPUT', 'BAD_INPUT'],
]);

/** Shows AppErrors and request faults as they are, and masks everything else as INTERNAL. */
export function formatError(formatted: GraphQLFormattedError, thrown: unknown): GraphQLFormattedError {
  const { message, locations, path } = formatted;
  const where = { ...(locations && { locations }), ...(path && { path }) };
  const original = originalOf(thrown);
  if (original instanceof AppError) {
    const { code, retryable, fields } = original;
    return {
      message: original.message,
      ...where,
      extensions: { code, retryable, ...(fields.length > 0 && { fields }) },
    };
  }
  const code = requestCodeOf(thrown, formatted.extensions?.['code']);
  if (code) return { message, ...where, extensions: { code, retryable: false } };
  const requestId = formatted.extensions?.['requestId'];
  const extensions = { code: 'INTERNAL', retryable: false, ...(requestId !== undefined && { requestId }) };
  return { message: 'Something went wrong on our side.', ...where, extensions };
}

/** Logs what `formatError` masks, whole, and puts the request's id into the answer so that the two can be brought together. */
export function defectPlugin(logger: Logger): ApolloServerPlugin<GraphqlContext> {
  return {
    async contextCreationDidFail({ error }) {
      if (!(originalOf(error) instanceof AppError))
        logger.error({ err: error }, 'the request context failed unexpectedly');
    },
    async requestDidStart() {
      return {
        async didEncounterErrors({ errors, contextValue: { requestId } }) {
          for (const error of errors.filter(isDefect)) {
            logger.error({ err: originalOf(error), requestId, path: error.path }, 'a resolver failed unexpectedly');
          }
        },
        async willSendResponse({ response, contextValue: { requestId } }) {
          if (response.body.kind !== 'single') return;
          for (const { extensions } of response.body.singleResult.errors ?? []) {
            if (extensions?.['code'] === 'INTERNAL') extensions['requestId'] = requestId;
          }
        },
      };
    },
  };
}

/** Whether the error is ours: neither said by an AppError nor a fault of the request. */
export function isDefect(error: GraphQLError): boolean {
  return !(originalOf(error) instanceof AppError) && !requestCodeOf(error, error.extensions['code']);
}

/** Undefined when it is no fault of the request's. Apollo names some of those by their HTTP status only. */
function requestCodeOf(thrown: unknown, code: unknown): string | undefined {
  const status = (thrown as { extensions?: { http?: { status?: unknown } } }).extensions?.http?.status;
  const isRequestFault = typeof status === 'number' && status >= 400 && status < 500;
  return requestCodes.get(code) ?? (isRequestFault ? 'BAD_INPUT' : undefined);
}

function originalOf(thrown: unknown): unknown {
  const inner = unwrapResolverError(thrown);
  return inner instanceof GraphQLError && inner.originalError ? inner.originalError : inner;
}
