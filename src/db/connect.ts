import { Client } from 'pg';

/** The database cannot be used as DATABASE_URL says. One sentence for the operator; it never holds the password. */
export class DatabaseConnectionError extends Error {
  override readonly name = 'DatabaseConnectionError';
}

const connectMsMax = 15_000;

/**
 * Connects once. The caller ends the connection.
 * @throws DatabaseConnectionError saying which of host, port, login or database is wrong
 */
export async function connectOrExplain(databaseUrl: string): Promise<Client> {
  const target = targetOf(databaseUrl);
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: connectMsMax, keepAlive: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    throw new DatabaseConnectionError(explain(error, target), { cause: error });
  }
}

interface Target {
  readonly host: string;
  readonly user: string;
  readonly database: string;
}

function targetOf(databaseUrl: string): Target {
  if (!URL.canParse(databaseUrl) || /%(?![0-9a-f]{2})/i.test(databaseUrl)) {
    throw new DatabaseConnectionError(
      'DATABASE_URL is not a URL; it takes postgresql://user:password@host:5432/database, with special characters in the password percent-encoded.',
    );
  }
  const { hostname, port, username, pathname } = new URL(databaseUrl);
  const host = `${hostname || 'localhost'}:${port || '5432'}`;
  return { host, user: decodeURIComponent(username), database: decodeURIComponent(pathname.slice(1)) };
}

function explain(error: unknown, { host, user, database }: Target): string {
  const { code, message } = codeOf(error);
  switch (code) {
    case 'ECONNREFUSED':
      return `No PostgreSQL listens at ${host}; start it, or correct DATABASE_URL.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host of DATABASE_URL (${host}) is not known to the name service.`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `PostgreSQL at ${host} cannot be reached over the network.`;
    case '28P01':
    case '28000':
      return `PostgreSQL at ${host} refuses user "${user}": the name or the password in DATABASE_URL is wrong, or it may not log in from here.`;
    case '3D000':
      return `PostgreSQL at ${host} has no database "${database}"; create it, or correct DATABASE_URL.`;
    case '53300':
      return `PostgreSQL at ${host} has no connection left to give (its max_connections).`;
    case '57P03':
      return `PostgreSQL at ${host} is starting or stopping; try again.`;
    default:
      return `PostgreSQL at ${host} cannot be used: ${/timeout/i.test(message) ? `no answer within ${connectMsMax / 1000} s` : message}.`;
  }
}

function codeOf(error: unknown): { readonly code: string | undefined; readonly message: string } {
  if (!(error instanceof Error)) return { code: undefined, message: String(error) };
  return { code: (error as NodeJS.ErrnoException).code, message: error.message };
}
