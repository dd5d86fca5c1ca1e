import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The architecture: which rooms a room may import. Everything not listed is forbidden; a new arrow is one reviewed line. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  cache: [],
  config: ['kernel'],
  db: ['kernel'],
  observability: ['kernel', 'cache'],
  'modules/tenants': ['kernel', 'db'],
  'modules/audit': ['kernel', 'db'],
  'modules/users': ['kernel', 'db', 'modules/tenants', 'modules/audit'],
  'modules/banks': ['kernel', 'db', 'modules/tenants', 'modules/users'],
  'modules/idempotency': ['kernel', 'db'],
  'modules/ledger': ['kernel', 'db', 'modules/tenants', 'modules/users', 'modules/audit'],
  'modules/errands': ['kernel', 'db', 'modules/tenants', 'modules/users', 'modules/ledger'],
  'modules/escrows': [
    'kernel',
    'db',
    'modules/tenants',
    'modules/users',
    'modules/audit',
    'modules/ledger',
    'modules/errands',
  ],
  'modules/disputes': [
    'kernel',
    'db',
    'modules/tenants',
    'modules/users',
    'modules/audit',
    'modules/ledger',
    'modules/errands',
    'modules/escrows',
  ],
  'modules/actions': ['kernel', 'db', 'modules/ledger', 'modules/errands', 'modules/escrows', 'modules/disputes'],
  'modules/providers': ['kernel'],
  'modules/payouts': [
    'kernel',
    'db',
    'modules/providers',
    'modules/tenants',
    'modules/users',
    'modules/audit',
    'modules/banks',
    'modules/ledger',
    'modules/errands',
    'modules/escrows',
  ],
  'modules/payments': [
    'kernel',
    'db',
    'modules/providers',
    'modules/tenants',
    'modules/users',
    'modules/audit',
    'modules/ledger',
    'modules/errands',
    'modules/escrows',
    'modules/payouts',
  ],
  'modules/markets': ['kernel', 'db', 'modules/users'],
  'modules/jobs': ['kernel', 'db'],
  'modules/news': ['kernel', 'db', 'modules/tenants', 'modules/users', 'modules/audit', 'modules/errands'],
  'modules/people': ['kernel', 'db', 'modules/users', 'modules/audit', 'modules/ledger', 'modules/errands'],
  'modules/reviews': ['kernel', 'db', 'modules/tenants', 'modules/users', 'modules/audit', 'modules/errands'],
  seed: ['kernel', 'db', 'modules/*'],
  invalidation: ['kernel', 'cache', 'db'],
  admin: ['kernel', 'cache', 'invalidation'],
  doctor: ['kernel', 'cache', 'config', 'db'],
  graphql: ['kernel', 'cache', 'invalidation', 'modules/*', 'admin'],
  http: ['kernel', 'graphql', 'admin'],
  hallway: ['*'],
};

/** Packages a room may use beside Node's own; `*` where that is no matter of architecture. */
const packages: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  cache: ['ioredis', 'lru-cache'],
  observability: [
    '@opentelemetry/api',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace-node',
    'pino',
    'prom-client',
  ],
  'modules/jobs': ['graphile-worker', 'pg', 'zod'],
  graphql: [
    '@apollo/server',
    '@escape.tech/graphql-armor',
    '@graphql-yoga/render-graphiql',
    'dataloader',
    'graphql',
    'graphql-scalars',
    'reflect-metadata',
    'type-graphql',
  ],
};

const root = resolve(import.meta.dirname, '../..');
const src = join(root, 'src');

interface Import {
  readonly file: string;
  readonly target: string;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('db/generated'))
  .map((file) => join(src, file));
const imports: readonly Import[] = files.flatMap((file) => importsOf(file).map((target) => ({ file, target })));
const local = imports
  .filter(({ target }) => target.startsWith('.'))
  .map(({ file, target }) => ({ file, target: resolve(dirname(file), target).replace(/\.js$/, '.ts') }));

describe('the house', () => {
  it('lets a room import only the rooms below it', () => {
    const forbidden = local.filter(({ file, target }) => {
      const [from, to] = [roomOf(file), roomOf(target)];
      return from !== to && !allowed(from, to);
    });
    expect(forbidden.map(say)).toEqual([]);
  });

  it('is entered by doors only: no import reaches past the index of another room', () => {
    const climbing = local.filter(({ file, target }) => {
      const room = roomOf(target);
      return room !== roomOf(file) && room !== 'hallway' && target !== join(src, room, 'index.ts');
    });
    expect(climbing.map(say)).toEqual([]);
  });

  it('has no circle of imports', () => {
    expect(findCircle()).toBeUndefined();
  });

  it('keeps the tools and the pantry free of other packages', () => {
    const foreign = imports.filter(({ file, target }) => {
      const allowedPackages = packages[roomOf(file)];
      return (
        allowedPackages &&
        !target.startsWith('.') &&
        !target.startsWith('node:') &&
        !allowedPackages.includes(packageOf(target))
      );
    });
    expect(foreign.map(say)).toEqual([]);
  });

  it('reads the environment in one place', () => {
    const readers = files.filter((file) =>
      readFileSync(file, 'utf8')
        .replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '')
        .includes('process.env'),
    );
    expect(readers.map((file) => relative(root, file))).toEqual(['src/main.ts']);
  });

  it('has a line in the table for every room', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in mayImport))).toEqual([]);
  });
});

function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  return [
    ...text.matchAll(/^\s*(?:import|export)\b[^'";]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)/gm),
  ].map(([, from, bare, dynamic]) => (from ?? bare ?? dynamic)!);
}

function roomOf(file: string): string {
  const [first = '', second = ''] = relative(src, file).split('/');
  if (first.endsWith('.ts')) return 'hallway';
  return first === 'modules' ? `${first}/${second}` : first;
}

function allowed(from: string, to: string): boolean {
  const table = mayImport[from] ?? [];
  return table.includes(to) || table.includes('*') || (to.startsWith('modules/') && table.includes('modules/*'));
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

function say({ file, target }: Import): string {
  return `${relative(root, file)} -> ${target.startsWith('/') ? relative(root, target) : target}`;
}

/** Depth-first search; a file met again while it is still open closes a circle. */
function findCircle(): readonly string[] | undefined {
  const graph = new Map<string, string[]>();
  for (const { file, target } of local) graph.set(file, [...(graph.get(file) ?? []), target]);
  const done = new Set<string>();
  const open: string[] = [];
  const visit = (file: string): readonly string[] | undefined => {
    if (open.includes(file)) return [...open.slice(open.indexOf(file)), file].map((step) => relative(root, step));
    if (done.has(file)) return undefined;
    open.push(file);
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next);
      if (circle) return circle;
    }
    open.pop();
    done.add(file);
    return undefined;
  };
  for (const file of files) {
    const circle = visit(file);
    if (circle) return circle;
  }
  return undefined;
}
