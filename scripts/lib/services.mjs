import { access, chmod, constants, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { step } from './progress.mjs';
import { CommandFailed, runQuietly } from './run.mjs';

const redisImage = 'redis:7-alpine';
const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const redisAdvice =
  'The tests need a Redis of their own: install redis-server (Debian, Ubuntu: apt install redis-server; macOS: brew install redis), or start Docker.';
const chromiumAdvice =
  'Chromium is not installed (Debian: apt install chromium), or name one with RUNAM_CHROMIUM=/path/to/it.';

/**
 * Finds the programs that the tests start: redis-server and Chromium. What is missing is installed when that can be done
 * without asking (apt as root, Homebrew), else Docker stands in for Redis. Answers the environment for the tests and what
 * to do after them; undefined, after having said why, when there is no Redis to be had.
 */
export async function findServices({ mayInstall }) {
  const redis = await findRedis(mayInstall);
  if (redis === undefined) return undefined;
  return { env: { ...redis.env, ...(await findChromium(mayInstall)) }, release: redis.release };
}

async function findRedis(mayInstall) {
  const nothingToDo = { env: {}, release: async () => undefined };
  if (await findProgram(['redis-server'])) return nothingToDo;
  if (mayInstall) {
    await tryInstall('redis-server', { apt: 'redis-server', brew: 'redis' });
    if (await findProgram(['redis-server'])) return nothingToDo;
  }
  if (await isDockerRunning()) return redisInDocker();
  console.error(redisAdvice);
  return undefined;
}

/** Without Chromium the run goes on: the one test that needs it fails and says so. */
async function findChromium(mayInstall) {
  const named = process.env.RUNAM_CHROMIUM;
  if (named) return { RUNAM_CHROMIUM: named };
  let found = await findProgram(chromiumNames);
  if (!found && mayInstall) {
    await tryInstall('chromium', { apt: 'chromium' });
    found = await findProgram(chromiumNames);
  }
  if (found) return { RUNAM_CHROMIUM: found };
  console.error(`${chromiumAdvice} The browser test will fail.`);
  return { RUNAM_CHROMIUM_MISSING: chromiumAdvice };
}

async function findProgram(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const file of names.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

/** Says what it does, and goes on when it fails: the caller looks whether the program is there. */
async function tryInstall(name, { apt, brew }) {
  try {
    if (apt && process.getuid?.() === 0 && (await findProgram(['apt-get']))) {
      // Runlevel 1 keeps the package from starting a service of its own.
      const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
      await step(`Installing ${name} (apt-get install ${apt})`, async () => {
        await runQuietly('apt-get', ['update'], { env });
        await runQuietly('apt-get', ['install', '--yes', '--no-install-recommends', apt], { env });
      });
    } else if (brew && (await findProgram(['brew']))) {
      await step(`Installing ${name} (brew install ${brew})`, () => runQuietly('brew', ['install', '--quiet', brew]));
    }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error(`${error.output.trim().split('\n').at(-1)}\n${error.message}`);
  }
}

async function isDockerRunning() {
  if (!(await findProgram(['docker']))) return false;
  return runQuietly('docker', ['info']).then(
    () => true,
    () => false,
  );
}

/** A program called redis-server that runs Redis in a container; after the tests every such container is taken away. */
async function redisInDocker() {
  const label = `runam-test=${randomBytes(6).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'runam-redis-'));
  const program = join(folder, 'redis-server');
  await step(`Fetching Redis (docker pull ${redisImage})`, () => runQuietly('docker', ['pull', '--quiet', redisImage]));
  const run = `docker run --rm --interactive --init --network host --label ${label} --volume "$PWD:$PWD" --workdir "$PWD"`;
  await writeFile(program, `#!/bin/sh\nexec ${run} ${redisImage} redis-server "$@"\n`);
  await chmod(program, 0o755);
  return {
    env: { PATH: `${folder}${delimiter}${process.env.PATH}` },
    async release() {
      const containers = (await runQuietly('docker', ['ps', '--all', '--quiet', '--filter', `label=${label}`]))
        .split('\n')
        .filter(Boolean);
      if (containers.length > 0) await runQuietly('docker', ['rm', '--force', ...containers]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
