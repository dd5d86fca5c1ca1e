import { cacheVariables, redisVariables, refillVariables } from './cache.variables.js';
import { flag, oneOf, origins, text, url, whole } from './kinds.js';
import { jobsVariables } from './jobs.variables.js';
import { newsVariables } from './news.variables.js';
import { marketsVariables } from './markets.variables.js';
import { observabilityVariables } from './observability.variables.js';
import { payendsVariables } from './payends.variables.js';
import { payoutsVariables } from './payouts.variables.js';
import { providersVariables } from './providers.variables.js';
import { variable } from './variable.js';

const day = 86_400;
/** The smallest secret that HS256 may be used with (RFC 7518, section 3.2: 256 bits). */
const jwtSecretCharactersMin = 32;

const serverVariables = {
  NODE_ENV: variable(
    'Server',
    'What kind of run this is.',
    oneOf(['development', 'production', 'test']),
    'development',
  ),
  PORT: variable('Server', 'TCP port to listen on; 0 takes any free one.', whole({ min: 0, max: 65_535 }), '4000'),
  HOST: variable(
    'Server',
    'Address to listen on; 0.0.0.0 for every network.',
    text({ pattern: /^[\w.:-]+$/, takes: 'an IP address or a host name' }),
    '127.0.0.1',
  ),
  RUNAM_DATA_DIR: variable(
    'Server',
    'Folder of everything that lasts: the embedded database, secrets made once.',
    text({ pattern: /^[^\0]+$/, takes: 'a path' }),
    '.runam',
  ),
  LOG_LEVEL: variable(
    'Server',
    'The least important lines that are logged.',
    oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'info',
  ),
  TRUST_PROXY: variable(
    'Server',
    'How many proxies of your own stand in front; so many steps of X-Forwarded-For are believed, from the right.',
    whole({ min: 0, max: 10, minMeans: 'none' }),
    '0',
  ),
  CORS_ORIGINS: variable(
    'Server',
    'Web origins that may call the server from a browser.',
    origins,
    undefined,
    'none may',
  ),
  BODY_LIMIT_BYTES: variable(
    'Server',
    'Largest request body.',
    whole({ unit: 'bytes', min: 1_024, max: 104_857_600 }),
    '1048576',
  ),
  RATE_LIMIT_PER_MINUTE: variable(
    'Server',
    'Requests per minute of one signed-in user, or of one address.',
    whole({ min: 0, max: 1_000_000, minMeans: 'no limit' }),
    undefined,
    '600 in production, no limit otherwise',
  ),
  DEFAULT_TENANT: variable(
    'Server',
    'Slug of the tenant that requests without a tenant header belong to.',
    text({ pattern: /^[a-z0-9-]{2,40}$/, takes: '2 to 40 of a-z, 0-9 and -' }),
    'lagos',
  ),
  PLATFORM_TENANT: variable(
    'Server',
    'Slug of the tenant whose admins operate the caches of all tenants; other admins operate those of their own.',
    text({ pattern: /^[a-z0-9-]{2,40}$/, takes: '2 to 40 of a-z, 0-9 and -' }),
    undefined,
    'DEFAULT_TENANT outside production; none in production, where the command line on a server can',
  ),
  PLAYGROUND: variable('Server', 'Serve the GraphiQL page.', flag, undefined, 'on outside production'),
  INTROSPECTION: variable('Server', 'Answer schema introspection.', flag, undefined, 'on outside production'),
};

const databaseVariables = {
  DATABASE_URL: variable(
    'Database',
    'PostgreSQL to use.',
    url(['postgres:', 'postgresql:'], 'postgresql://user:password@host:5432/database'),
    undefined,
    'an embedded PostgreSQL in RUNAM_DATA_DIR',
  ),
  DATABASE_POOL_MAX: variable(
    'Database',
    'Connections that one process opens at most.',
    whole({ min: 1, max: 1_000 }),
    '10',
  ),
  DATABASE_TRANSACTION_TIMEOUT_MS: variable(
    'Database',
    'Longest transaction.',
    whole({ unit: 'milliseconds', min: 100, max: 600_000 }),
    '10000',
  ),
  ...providersVariables,
  IDEMPOTENCY_KEY_TTL: variable(
    'Payments',
    'How long the answer to a call with an idempotency key is kept: so long repeating it changes nothing.',
    whole({ unit: 'seconds', min: 60, max: 30 * day }),
    '86400',
  ),
  SEED_DEMO: variable(
    'Database',
    'Fill a database that holds no tenant yet with the demo.',
    flag,
    undefined,
    'on outside production',
  ),
};

const authVariables = {
  JWT_SECRET: variable(
    'Sign-in',
    'Signs access tokens; the same on every process.',
    text({
      pattern: new RegExp(`^.{${jwtSecretCharactersMin},}$`, 's'),
      takes: `at least ${jwtSecretCharactersMin} characters`,
      isSecret: true,
    }),
    undefined,
    'made once and kept in RUNAM_DATA_DIR; required in production',
  ),
  ACCESS_TOKEN_TTL: variable(
    'Sign-in',
    'How long an access token is good.',
    whole({ unit: 'seconds', min: 10, max: day }),
    '600',
  ),
  REFRESH_TOKEN_TTL: variable(
    'Sign-in',
    'How long a session lasts without being used.',
    whole({ unit: 'seconds', min: 60, max: 365 * day }),
    '2592000',
  ),
};

/** Every variable, in the order in which `.env.example` shows them. */
export const variables = {
  ...serverVariables,
  ...databaseVariables,
  ...payoutsVariables,
  ...payendsVariables,
  ...authVariables,
  ...newsVariables,
  ...redisVariables,
  ...cacheVariables,
  ...refillVariables,
  ...jobsVariables,
  ...marketsVariables,
  ...observabilityVariables,
};
