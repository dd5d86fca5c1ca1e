import { AsyncLocalStorage } from 'node:async_hooks';
import { PrismaPg } from '@prisma/adapter-pg';
import { invariant } from '../kernel/index.js';
import { PrismaClient, type Prisma } from './generated/client.js';

/** The transaction a unit of work hands to repositories: reads and writes. */
export type Tx = Prisma.TransactionClient;

type ReadMethod =
  | 'findUnique'
  | 'findUniqueOrThrow'
  | 'findFirst'
  | 'findFirstOrThrow'
  | 'findMany'
  | 'count'
  | 'aggregate'
  | 'groupBy';
type ReadOnly<Delegate> = Pick<Delegate, Extract<keyof Delegate, ReadMethod>>;

/** A client that can only read, outside any transaction; a `Tx` can stand in for it. */
export type Reader = { readonly [M in Uncapitalize<Prisma.ModelName>]: ReadOnly<Tx[M]> } & Pick<Tx, '$queryRaw'>;

/** What the extension knows of the unit of work it runs in. */
export interface WriteScope {
  wrote: boolean;
}

export interface ClientOptions {
  readonly url: string;
  /** Connections at most. Default 10. */
  readonly poolMax?: number;
  /** Sees every SQL statement; for tests and profiles. */
  readonly onStatement?: (sql: string) => void;
}

const readOperations: ReadonlySet<string> = new Set<ReadMethod | '$queryRaw'>([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
  '$queryRaw',
]);

export const writeScope = new AsyncLocalStorage<WriteScope>();

/**
 * The Prisma client with the change-event extension. Inside a unit of work a write marks the transaction, so its changes
 * are read before the commit. A write outside one is refused, because nobody would tell the cache of it in time.
 */
export function createClient({ url, poolMax = 10, onStatement }: ClientOptions) {
  const adapter = new PrismaPg({ connectionString: url, max: poolMax });
  const base = new PrismaClient({ adapter, log: onStatement ? [{ emit: 'event', level: 'query' }] : [] });
  if (onStatement) base.$on('query', (event: Prisma.QueryEvent) => onStatement(event.query));
  return base.$extends({
    name: 'change-events',
    query: {
      $allOperations({ operation, model, args, query }) {
        if (!readOperations.has(operation)) markWrite(model ? `${model}.${operation}` : operation);
        return query(args);
      },
    },
  });
}

function markWrite(what: string): void {
  const scope = writeScope.getStore();
  invariant(scope, `${what} outside a unit of work: go through db.write()`);
  scope.wrote = true;
}
