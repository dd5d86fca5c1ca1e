import { text, whole } from './kinds.js';
import { variable } from './variable.js';

const day = 86_400;
/** As of what signs access tokens. */
const keyCharactersMin = 32;

export const newsVariables = {
  WEBHOOK_KEY: variable(
    'News',
    'What the secrets of webhook endpoints are derived from; the same on every process. Another one makes each secret another one.',
    text({
      pattern: new RegExp(`^.{${keyCharactersMin},}$`, 's'),
      takes: `at least ${keyCharactersMin} characters`,
      isSecret: true,
    }),
    undefined,
    'derived from JWT_SECRET',
  ),
  WEBHOOK_GIVE_UP_AFTER: variable(
    'News',
    'How long a webhook that is not taken is tried again.',
    whole({ unit: 'seconds', min: 60, max: 30 * day }),
    String(3 * day),
  ),
  NEWS_RETENTION: variable(
    'News',
    'How long news that everybody has had, deliveries that ended and notifications that were read are kept.',
    whole({ unit: 'seconds', min: 3_600, max: 3_650 * day }),
    String(30 * day),
  ),
  SUBSCRIPTION_CONNECTIONS_MAX: variable(
    'News',
    'Connections with subscriptions that one process holds.',
    whole({ min: 0, max: 100_000, minMeans: 'no subscriptions' }),
    '1000',
  ),
  SUBSCRIPTION_CONNECTIONS_PER_VIEWER_MAX: variable(
    'News',
    'Of those, how many one signed-in user, or one address, may have.',
    whole({ min: 1, max: 100_000 }),
    '20',
  ),
  SUBSCRIPTION_VIEWER_CHECK_MS: variable(
    'News',
    'How often it is looked whether whoever subscribed may still; so long a sign-out or an expired token may go unnoticed where nothing happens.',
    whole({ unit: 'milliseconds', min: 50, max: 600_000 }),
    '10000',
  ),
};
