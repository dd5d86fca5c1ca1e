import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { BenchOptions } from '../options.js';
import { circumstances, jsonWith } from '../report.js';
import type { ServerChild } from '../stage/child.js';
import { requests } from '../stage/documents.js';
import { askFor } from '../stage/graphql.js';
import { startPostgres, type BenchPostgres } from '../stage/postgres.js';
import { startRedis } from '../stage/redis.js';
import { startPeer, startRunAm } from '../stage/servers.js';
import { loadDemo } from '../stage/stage.js';
import type { Stops } from '../stage/stops.type.js';
import { roadLines, roadTable, stepTable, type RoadMeasured } from './report.js';
import type { LanePeople, RoadOrder, RoadSlice } from './road.type.js';

/** One server that walks the main road. */
interface RoadCase {
  readonly id: string;
  readonly title: string;
  readonly server: ServerChild;
  readonly lanes: readonly LanePeople[];
  readonly isKeyed: boolean;
}

type Options = BenchOptions & { readonly rootDir: string };

const market = { 'x-runam-tenant': 'nairobi' };
const walletMinor = 50_000_000;
const warmUpMs = 3_000;
const sliceMs = 2_000;

/** Walks the main road on RunAm and on its peers in turns, and prints what each call costs. */
export async function runMutationBench(options: Options, stops: Stops): Promise<void> {
  console.log('  Loading the demo and starting the servers …');
  const cases = await setCases(options, stops);
  const worker = new Worker(new URL('road.worker.js', import.meta.url));
  stops.push(async () => void (await worker.terminate()));
  console.log(`  Measuring ${cases.length} cases in turns (${circumstances(options)}) …`);
  for (const one of cases) await measureOnce(worker, one, warmUpMs);
  const rounds = Math.max(1, Math.round((options.seconds * 1000) / sliceMs));
  const measured: RoadMeasured[][] = cases.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, one] of cases.entries()) measured[index]?.push(await measureOnce(worker, one, sliceMs));
  }
  const lines = roadLines(cases, measured);
  console.log(`\n${roadTable(lines)}\n\n${stepTable(lines)}`);
  if (options.isJson)
    console.log(jsonWith({ connections: options.connections, seconds: options.seconds, roads: lines }));
}

async function setCases({ rootDir, profileDir, connections }: Options, stops: Stops): Promise<readonly RoadCase[]> {
  const postgres = await startPostgres(rootDir);
  stops.push(() => postgres.stop());
  const redis = await startRedis();
  stops.push(() => redis.stop());
  await loadDemo(rootDir, postgres, stops);
  const start = async (id: string, env: Readonly<Record<string, string>>) => {
    const server = await startRunAm({
      rootDir,
      profileDir,
      env: { DATABASE_URL: await postgres.copy(`bench_${id}`), PAYMENT_PROVIDER: 'sandbox', ...env },
    });
    stops.push(() => server.stop());
    return { server, lanes: await joinAll(server, connections) };
  };
  const shared = await start('redis', { REDIS_URL: redis.url });
  const uncached = await start('uncached', { CACHE_ENABLED: 'False' });
  return [
    { id: 'plain', title: 'node:http + pg, plain SQL', ...(await startMarket(postgres, connections, stops, false)) },
    { id: 'told', title: 'the same, writing news too', ...(await startMarket(postgres, connections, stops, true)) },
    { id: 'uncached', title: 'RunAm, cache off', ...uncached, isKeyed: false },
    { id: 'redis', title: 'RunAm, Redis', ...shared, isKeyed: false },
    { id: 'keyed', title: 'RunAm, Redis, with keys', ...shared, isKeyed: true },
  ];
}

async function startMarket(postgres: BenchPostgres, connections: number, stops: Stops, tellsNews: boolean) {
  const databaseUrl = await postgres.empty(tellsNews ? 'bench_told' : 'bench_plain');
  const server = await startPeer('market', { databaseUrl, tellsNews });
  stops.push(() => server.stop());
  const lanes = Array.from({ length: connections }, () => ({
    customer: crypto.randomUUID(),
    runner: crypto.randomUUID(),
  }));
  return { server, lanes, isKeyed: false };
}

/** A customer with money and a runner for each lane, so that no lane waits for another's wallet. */
async function joinAll(server: ServerChild, connections: number): Promise<readonly LanePeople[]> {
  const lanes: LanePeople[] = [];
  for (let lane = 0; lane < connections; lane++) {
    const customer = await join(server, `customer-${lane}`, 'CUSTOMER');
    const runner = await join(server, `runner-${lane}`, 'RUNNER');
    const headers = { ...market, authorization: `Bearer ${customer}` };
    await askFor({ url: server.url, headers, body: requests.topUp(walletMinor, 'KES') });
    lanes.push({ customer, runner });
  }
  return lanes;
}

async function join(server: ServerChild, name: string, role: 'CUSTOMER' | 'RUNNER'): Promise<string> {
  const body = requests.signUp(`bench-${process.pid}-${name}@runam.test`, role);
  const { signUp } = await askFor<{ signUp: { accessToken: string } }>({ url: server.url, headers: market, body });
  return signUp.accessToken;
}

async function measureOnce(worker: Worker, one: RoadCase, durationMs: number): Promise<RoadMeasured> {
  const { id: name, server, lanes, isKeyed } = one;
  const order: RoadOrder = { name, url: server.url, headers: market, lanes, durationMs, isKeyed };
  const cpuBefore = await server.cpuMs();
  // A worker that fails emits `error`, which `once` turns into a rejection.
  const answered = once(worker, 'message') as Promise<[{ slice: RoadSlice } | { fault: string }]>;
  worker.postMessage(order, []);
  const [message] = await answered;
  if ('fault' in message) throw new Error(message.fault);
  const cpuAfter = await server.cpuMs();
  const cpuMs = cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore;
  return { ...message.slice, cpuMs };
}
