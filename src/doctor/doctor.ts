import { ConfigError, loadEnv, type Config, type Env } from '../config/index.js';
import { examineDatabase } from './database.check.js';
import { fail, ok, type DoctorReport, type Finding } from './finding.js';
import { examineRedis } from './redis.check.js';

export interface DoctorOptions {
  /** Shaped like `process.env`. */
  readonly env: Env;
  /** Default: of the running Node. */
  readonly nodeVersion?: string;
  /** Wall-clock milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** Looks at everything a server needs before it starts: changes nothing, and says of each fault what to do. Never rejects. */
export async function examine({ env, nodeVersion, now = Date.now }: DoctorOptions): Promise<DoctorReport> {
  const findings: Finding[] = [examineNode(nodeVersion ?? process.versions.node)];
  const config = readConfig(env, findings);
  if (config) {
    const [database, redis] = await Promise.all([examineDatabase(config, now), examineRedis(config, now)]);
    findings.push(...database, ...redis);
  }
  return { ok: findings.every(({ state }) => state !== 'fail'), findings };
}

const oldestNode = [20, 19] as const;

function examineNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (isEnough) return ok('node', version);
  return fail('node', version, `Install Node.js ${oldestNode.join('.')} or later.`);
}

function readConfig(env: Env, findings: Finding[]): Config | undefined {
  try {
    const config = loadEnv(env);
    findings.push(ok('environment', `${config.nodeEnv}, every variable can be used`));
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice = 'Set it as described in .env.example, or leave it out.';
    findings.push(
      ...error.faults.map(({ variable, message }) => fail('environment', `${variable}: ${message}`, advice)),
    );
    return undefined;
  }
}
