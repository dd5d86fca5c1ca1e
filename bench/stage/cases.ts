import type { ServerChild } from './child.js';
import { requests } from './documents.js';
import { ask, askFor, assertSame } from './graphql.js';
import type { PeerOrder } from '../peers/peer.js';
import { startPeer, type PeerName } from './servers.js';
import type { Stops } from './stops.type.js';

/** One line of the result. */
export interface BenchCase {
  readonly id: string;
  readonly title: string;
  readonly server: ServerChild;
  /** Request bodies, given out to the connections in turn. */
  readonly bodies: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** `same`: every answer has the very bytes that a request just before got. `any`: any answer without errors. */
  readonly answers: 'same' | 'any';
  /** Whether the cache must have answered: true for practically all, false for none. Undefined: not looked at. */
  readonly isHit: boolean | undefined;
}

export interface CaseDeps {
  readonly servers: Readonly<Record<'memory' | 'shared' | 'farOnly' | 'uncached', ServerChild>>;
  readonly sdl: string;
  readonly connections: number;
  readonly stops: Stops;
}

const demoLogin = { email: 'ada@runam.test', password: 'runam-demo' };
/** Writes go to a market of their own, so that they do not spoil what the reads hit. */
const writersMarket = 'nairobi';
const errandsMax = 64;

/** The cases in the order of the table. @throws Error when two servers do not give the same answer */
export async function createCases(deps: CaseDeps): Promise<readonly BenchCase[]> {
  const { memory, shared, farOnly, uncached } = deps.servers;
  const reference = await ask({ url: uncached.url, body: requests.errands });
  const list = { bodies: [requests.errands], headers: {}, answers: 'same' } as const;
  const peers = await startPeers(deps, reference.text);
  const cases: readonly BenchCase[] = [
    ...peers.map((peer) => ({ ...list, ...peer, isHit: undefined })),
    { ...list, id: 'hit-memory', title: 'RunAm errands, hit, memory', server: memory, isHit: true },
    { ...list, id: 'hit-redis', title: 'RunAm errands, hit, Redis', server: shared, isHit: true },
    { ...list, id: 'hit-redis-far', title: 'RunAm errands, hit, Redis, nothing near', server: farOnly, isHit: true },
    { ...list, id: 'uncached', title: 'RunAm errands, uncached', server: uncached, isHit: false },
  ];
  for (const { title, server } of cases) {
    assertSame(title, (await ask({ url: server.url, body: requests.errands })).text, reference.text);
  }
  return [...cases, await signedInCase(shared), await mutationCase(shared, deps.connections)];
}

const peerTitles: Readonly<Record<Exclude<PeerName, 'market'>, string>> = {
  http: 'node:http, ready bytes',
  graphql: 'graphql + node:http, in memory',
  yoga: 'graphql-yoga, in memory',
};

async function startPeers({ servers, sdl, stops }: CaseDeps, body: string) {
  const names: (keyof typeof peerTitles)[] = isInstalled('graphql-yoga')
    ? ['http', 'graphql', 'yoga']
    : ['http', 'graphql'];
  await ask({ url: servers.memory.url, body: requests.errands });
  const hit = await ask({ url: servers.memory.url, body: requests.errands });
  return Promise.all(
    names.map(async (id) => {
      const server = await startPeer<PeerOrder>(id, { sdl, body, headers: endToEnd(hit.headers) });
      stops.push(() => server.stop());
      return { id, title: peerTitles[id], server };
    }),
  );
}

function isInstalled(name: string): boolean {
  try {
    return import.meta.resolve(name) !== '';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return false;
    throw error;
  }
}

/** Those that are about the answer and not about one connection. */
function endToEnd(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)));
}

async function signedInCase(server: ServerChild): Promise<BenchCase> {
  const { signIn } = await askFor<{ signIn: { accessToken: string } }>({
    url: server.url,
    body: requests.signIn(demoLogin.email, demoLogin.password),
  });
  return {
    id: 'hit-signed-in',
    title: 'RunAm myEscrows, hit, Redis',
    server,
    bodies: [requests.myEscrows],
    headers: { authorization: `Bearer ${signIn.accessToken}` },
    answers: 'same',
    isHit: true,
  };
}

/** An errand for each connection, so that writers do not wait for each other's row locks. */
async function mutationCase(server: ServerChild, connections: number): Promise<BenchCase> {
  const market = { 'x-runam-tenant': writersMarket };
  const email = `bench-${process.pid}@runam.test`;
  const { signUp } = await askFor<{ signUp: { accessToken: string } }>({
    url: server.url,
    headers: market,
    body: requests.signUp(email),
  });
  const headers = { authorization: `Bearer ${signUp.accessToken}` };
  const bodies: string[] = [];
  for (let count = 0; count < Math.min(connections, errandsMax); count++) {
    const { postErrand } = await askFor<{ postErrand: { errand: { id: string } } }>({
      url: server.url,
      headers,
      body: requests.postErrand,
    });
    bodies.push(requests.updateErrand(postErrand.errand.id));
  }
  return {
    id: 'mutation',
    title: 'RunAm updateErrand, Redis',
    server,
    bodies,
    headers,
    answers: 'any',
    isHit: undefined,
  };
}
