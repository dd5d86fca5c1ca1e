/** The embedded PostgreSQL cannot serve. The message is one sentence for the person at the terminal: what is wrong, what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

const wayOut = 'set RUNAM_DATA_DIR to a folder that can be used, or DATABASE_URL to a PostgreSQL of your own';

/** Turns the file system's refusals into one sentence; everything else passes unchanged. */
export function explainFileFault(error: unknown, what: string): unknown {
  const { code, path } = fileFaultOf(error);
  const where = path === undefined ? '' : ` (${path})`;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new EmbeddedPostgresError(`${what}: no permission${where}; ${wayOut}.`, { cause: error });
    case 'EROFS':
      return new EmbeddedPostgresError(`${what}: the disk is read-only${where}; ${wayOut}.`, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return new EmbeddedPostgresError(`${what}: the disk is full${where}; free some space, or ${wayOut}.`, {
        cause: error,
      });
    case 'ENOTDIR':
    case 'EEXIST':
      return new EmbeddedPostgresError(`${what}: a file stands where a folder is needed${where}; ${wayOut}.`, {
        cause: error,
      });
    default:
      return error;
  }
}

/** Does `work`; a refusal of the file system comes out as one sentence that begins with `what`. */
export async function explained<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw explainFileFault(error, what);
  }
}

export function isFileFault(error: unknown, ...codes: readonly string[]): boolean {
  const { code } = fileFaultOf(error);
  return code !== undefined && codes.includes(code);
}

function fileFaultOf(error: unknown): { readonly code?: string; readonly path?: string } {
  if (!(error instanceof Error)) return {};
  const { code, path } = error as NodeJS.ErrnoException;
  return { ...(code === undefined ? {} : { code }), ...(path === undefined ? {} : { path }) };
}
