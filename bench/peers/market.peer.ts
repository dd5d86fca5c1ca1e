import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool, type PoolClient } from 'pg';
import { doStep, tables, tell, type Asked, type Hand } from './market.steps.js';
import { readText, servePeer } from './peer.js';

export interface MarketOrder {
  readonly databaseUrl: string;
  /** Also writes what happened: an event, news and a changed row for each call. */
  readonly tellsNews: boolean;
}

const names = new Map<string, string>();

/**
 * The main road as plain SQL: the same rows under the same locks in one transaction a call, and no more. Whoever asks is taken
 * at their word, input is taken as it is, and nothing is remembered of a call.
 */
await servePeer(async ({ databaseUrl, tellsNews }: MarketOrder) => {
  const pool = new Pool({ connectionString: databaseUrl, max: 10 });
  await pool.query(tables);
  return (request, response) => {
    answer(pool, tellsNews, request).then(
      (data) => send(response, 200, { data }),
      (error: unknown) => send(response, 500, { errors: [{ message: String(error) }] }),
    );
  };
});

async function answer(pool: Pool, tellsNews: boolean, request: IncomingMessage): Promise<unknown> {
  const { operationName, variables } = JSON.parse(await readText(request)) as Asked;
  const userId = (request.headers.authorization ?? '').slice('Bearer '.length);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const hand: Hand = { run: runOn(client), userId, now: new Date() };
    const payload = await doStep(operationName, hand, variables);
    if (tellsNews) await tell(hand, operationName, payload.errand.id);
    await client.query('COMMIT');
    return { [operationName]: payload };
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

/** Each statement is planned once in a connection. */
function runOn(client: PoolClient): Hand['run'] {
  return async (text, values) => {
    const name = names.get(text) ?? `s${names.size}`;
    names.set(text, name);
    return (await client.query<Readonly<Record<string, string>>>({ name, text, values: [...values] })).rows;
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
