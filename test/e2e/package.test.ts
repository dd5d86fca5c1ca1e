import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startRedis, type RedisProcess } from '../support/redis.js';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const guide = await readFile(join(root, 'docs/cache/library.md'), 'utf8');

let place: string;
let redis: RedisProcess;

/** A program of somebody else's: the package from its tarball, its dependencies, and a strict compiler without our settings. */
beforeAll(async () => {
  [place, redis] = await Promise.all([mkdtemp(join(tmpdir(), 'runam-package-')), startRedis()]);
  const modules = join(place, 'node_modules');
  await mkdir(join(modules, 'runam'), { recursive: true });
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', place], { cwd: root });
  const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
  await run('tar', ['-xzf', join(place, filename), '-C', join(modules, 'runam'), '--strip-components', '1']);
  await mkdir(join(modules, '@types'));
  for (const name of ['ioredis', 'lru-cache', '@types/node'])
    await symlink(join(root, 'node_modules', name), join(modules, name));
  await writeFile(join(place, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    target: 'ES2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    types: ['node'],
    outDir: 'out',
    rootDir: '.',
  };
  await writeFile(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
});
afterAll(async () => {
  await redis.stop();
  await rm(place, { recursive: true, force: true });
});

async function compile(): Promise<string> {
  const compiler = join(root, 'node_modules/.bin/tsc');
  return run(compiler, ['-p', place], { cwd: place }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
}

/** A Redis that has just started may have lost something; the guide is of one that has been up for a while. */
async function isOutOfQuarantine(url: string): Promise<void> {
  const client = new Redis(url);
  const upS = async () => Number(/uptime_in_seconds:(\d+)/.exec(await client.info('server'))?.[1]);
  await vi.waitFor(async () => expect(await upS()).toBeGreaterThan(5), { timeout: 30_000, interval: 200 });
  await client.quit();
}

describe('the package', () => {
  it('brings the cache with its types, and neither tests nor sources', async () => {
    const files = await readdir(join(place, 'node_modules/runam'), { recursive: true });
    expect(files).toContain(join('dist', 'cache', 'index.d.ts'));
    expect(files.filter((file) => /^(src|test|bench|\.env)/.test(file))).toEqual([]);
  });

  it(
    'runs the guide as it is written, with standard decorators, and prints what the guide says',
    { timeout: 120_000 },
    async () => {
      const blocks = [...guide.matchAll(/```(ts|text)\n([^]*?)```/g)];
      const textOf = (kind: string): string =>
        blocks
          .filter(([, found]) => found === kind)
          .map(([, , text]) => text)
          .join('');
      expect(textOf('ts')).toContain('redis://127.0.0.1:6379');
      await writeFile(join(place, 'guide.ts'), textOf('ts').replace('redis://127.0.0.1:6379', redis.url));
      expect(await compile()).toBe('');
      await isOutOfQuarantine(redis.url);
      const { stdout } = await run(process.execPath, [join(place, 'out/guide.js')], { cwd: place });
      expect(stdout).toBe(textOf('text'));
    },
  );

  it(
    'tells a mistake to the compiler: a wrong option, a row without its columns, a method that is no promise',
    { timeout: 120_000 },
    async () => {
      await writeFile(
        join(place, 'wrong.ts'),
        [
          "import { createCaches, Cached } from 'runam/cache';",
          'const cache = createCaches({ models: { Order: (row: { id: number }) => [`o:${row.id}`] } });',
          "void cache.getOrSet('k', () => 1, { ttl: 5 });",
          "void cache.invalidateModel('Order', { name: 'x' });",
          "class A { @Cached(cache, { name: 'a' }) read(): number { return 1; } }",
          "void cache.set('k', 1, {});",
          'void new A();',
        ].join('\n'),
      );
      const said = await compile();
      await rm(join(place, 'wrong.ts'));
      for (const line of [3, 4, 5, 6]) expect(said).toContain(`wrong.ts(${line},`);
      expect(said).not.toMatch(/wrong\.ts\((1|2|7),/);
    },
  );
});
