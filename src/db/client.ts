import { AsyncLocalStorage } from 'node:async_hooks';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg';
import { invariant, type Tracing } from '../kernel/index.js';
import { unavailable } from './failures.js';
import { PrismaClient, type Prisma } from './generated/client.js';
import { createStatementNames } from './statement-names.js';

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

export interface PoolOptions {
  readonly url: string;
  /** Connections at most. Default 10. */
  readonly poolMax?: number;
}

export interface ClientOptions {
  /** Is ended with the client. */
  readonly pool: Pool;
  /** Sees every SQL statement; for tests and profiles. */
  readonly onStatement?: (sql: string) => void;
  /** Default: nothing is traced. */
  readonly tracing?: Tracing | undefined;
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

/**
 * The adapter writes times without their offset, so the session must be in UTC whatever the database's default. A statement
 * that waits for a lock gives up, because a transaction's own time limit does not interrupt it.
 */
const sessionOptions = '-c TimeZone=UTC -c lock_timeout=5000';

export function createPool({ url, poolMax = 10 }: PoolOptions): Pool {
  return new Pool({ connectionString: url, max: poolMax, options: sessionOptions });
}

/** The transaction of the unit of work that the calling code runs in. */
export const unitOfWork = new AsyncLocalStorage<Tx>();

/**
 * The Prisma client with the change-event extension: a write is only let through inside a unit of work, because outside
 * one nobody would read what it changed and tell the cache. A database that is away is UNAVAILABLE, for reads and writes.
 */
export function createClient({ pool, onStatement, tracing }: ClientOptions) {
  const names = createStatementNames();
  const adapter = new PrismaPg(pool, {
    disposeExternalPool: true,
    // Those of units of work are the same few again and again, and find rows by their keys. Lists are planned anew each time,
    // because their plan depends on what is asked for.
    statementNameGenerator: ({ sql }) => (unitOfWork.getStore() ? names.of(sql) : ''),
  });
  const base = new PrismaClient({ adapter, log: onStatement ? [{ emit: 'event', level: 'query' }] : [] });
  if (onStatement) base.$on('query', (event: Prisma.QueryEvent) => onStatement(event.query));
  return base.$extends({
    name: 'change-events',
    query: {
      async $allOperations({ operation, model, args, query }) {
        const isRead = readOperations.has(operation);
        invariant(
          isRead || unitOfWork.getStore(),
          `${model ? `${model}.` : ''}${operation} outside a unit of work: go through db.write()`,
        );
        try {
          if (!tracing) return await query(args);
          const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': operation };
          const name = model ? `db ${model}.${operation}` : `db ${operation}`;
          return await tracing.span(name, attributes, async () => await query(args));
        } catch (error) {
          names.heed(error);
          throw unavailable(error) ?? error;
        }
      },
    },
  });
}
