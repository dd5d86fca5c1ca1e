import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PresenceConflict, takePlace, watchedColumns, type Presence } from '../../src/db/index.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const watchedModels = Object.entries(watchedColumns)
  .filter(([, columns]) => columns.length > 0)
  .map(([model]) => model);
const soon = { timeout: 45_000, interval: 20 };
const cleanups: (() => Promise<unknown>)[] = [];
let database: TestDatabase;
let looker: Client;

beforeEach(async () => {
  database = await createTestDatabase();
  looker = new Client({ connectionString: database.url });
  await looker.connect();
  cleanups.push(() => looker.end());
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  await database.drop();
});

/** A network in front of the database that can forget the connections of one side, as routers do with those that are silent. */
async function forgetfulNetwork() {
  const near = new Set<Socket>();
  const far = new Set<Socket>();
  let isAway = false;
  const server = createServer((socket) => {
    if (isAway) return void socket.destroy();
    const behind = connect(Number(new URL(database.url).port), '127.0.0.1');
    near.add(socket);
    far.add(behind);
    for (const one of [socket, behind]) one.on('error', () => one.destroy());
    socket.on('data', (data) => behind.write(data));
    socket.on('end', () => behind.end());
    behind.on('data', (data) => socket.write(data));
    behind.on('close', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const destroy = (sockets: Set<Socket>): void => sockets.forEach((socket) => socket.destroy());
  cleanups.push(async () => {
    destroy(near);
    destroy(far);
    server.close();
    await once(server, 'close');
  });
  const url = new URL(database.url);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    /** The database hears nothing of it. */
    forgetNear: () => destroy(near),
    fail() {
      isAway = true;
      destroy(near);
      destroy(far);
    },
    mend: () => void (isAway = false),
  };
}

async function placesCount(): Promise<number> {
  const { rows } = await looker.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND granted
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows[0]?.count ?? 0;
}

async function modelsNoted(): Promise<readonly string[]> {
  const { rows } = await looker.query<{ model: string }>(
    'SELECT model FROM row_change WHERE before IS NULL AND after IS NULL ORDER BY model COLLATE "C"',
  );
  return rows.map(({ model }) => model);
}

/** @param cacheAt of who takes a place and takes it again */
async function takeAgain(databaseUrl: string, cacheAt: string) {
  const [onBroken, onTaken, onLost] = [
    vi.fn<(error: unknown) => void>(),
    vi.fn<() => void>(),
    vi.fn<(error: unknown) => void>(),
  ];
  const presence = await takePlace({ databaseUrl, cacheAt, onLost, retaking: { onBroken, onTaken } });
  cleanups.push(() => presence.leave());
  return { presence, onBroken, onTaken, onLost };
}

describe('a place on the database whose connection broke', () => {
  it('is taken again by a process that must be alone, though the database still takes the old connection to live', async () => {
    const network = await forgetfulNetwork();
    const { onBroken, onTaken, onLost } = await takeAgain(network.url, 'memory');
    network.forgetNear();
    await vi.waitFor(() => expect(onTaken.mock.calls.length + onLost.mock.calls.length).toBe(1), soon);
    expect(onLost).not.toHaveBeenCalled();
    expect(onBroken).toHaveBeenCalledTimes(1);
    await vi.waitFor(async () => expect(await placesCount()).toBe(1), soon);
  });

  it('may have been that of another meanwhile, so every row may have changed: whoever shows them is told', async () => {
    const network = await forgetfulNetwork();
    const { onTaken } = await takeAgain(network.url, 'memory');
    expect(await modelsNoted()).toEqual([]);
    network.forgetNear();
    await vi.waitFor(() => expect(onTaken).toHaveBeenCalled(), soon);
    expect(await modelsNoted()).toEqual(watchedModels.toSorted());
  });

  it('was that of nobody else while another process that goes together with it had one: nothing is told then', async () => {
    const network = await forgetfulNetwork();
    const { onTaken } = await takeAgain(network.url, 'one Redis');
    await takeAgain(database.url, 'one Redis');
    network.fail();
    network.mend();
    await vi.waitFor(() => expect(onTaken).toHaveBeenCalled(), soon);
    expect(await modelsNoted()).toEqual([]);
  });

  it('is lost to somebody with another cache who came in meanwhile', async () => {
    const network = await forgetfulNetwork();
    const { onBroken, onTaken, onLost } = await takeAgain(network.url, 'memory');
    network.fail();
    await vi.waitFor(() => expect(onBroken).toHaveBeenCalledTimes(1), soon);
    await vi.waitFor(async () => expect(await placesCount()).toBe(0), soon);
    const other: Presence = await takePlace({ databaseUrl: database.url, cacheAt: 'memory', onLost: () => {} });
    cleanups.push(() => other.leave());
    network.mend();
    await vi.waitFor(() => expect(onLost).toHaveBeenCalledWith(expect.any(PresenceConflict)), soon);
    expect(onTaken).not.toHaveBeenCalled();
    await vi.waitFor(async () => expect(await placesCount()).toBe(1), soon);
  });

  it('is not taken again by who has left', async () => {
    const network = await forgetfulNetwork();
    const { presence, onBroken, onTaken } = await takeAgain(network.url, 'memory');
    network.fail();
    await vi.waitFor(() => expect(onBroken).toHaveBeenCalledTimes(1), soon);
    await presence.leave();
    network.mend();
    const next = await takeAgain(database.url, 'memory');
    await next.presence.leave();
    expect(onTaken).not.toHaveBeenCalled();
    await vi.waitFor(async () => expect(await placesCount()).toBe(0), soon);
  });
});
