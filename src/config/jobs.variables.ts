import { oneOf, whole } from './kinds.js';
import { variable } from './variable.js';

export const jobsVariables = {
  WORKER: variable(
    'Jobs',
    'Where the jobs of the queue (timers, the books, tidying up) are done: inside this server, or not by it but by those that "npm run runam -- worker" starts.',
    oneOf(['inside', 'none']),
    'inside',
  ),
  WORKER_CONCURRENCY: variable('Jobs', 'Jobs that one worker does at once.', whole({ min: 1, max: 100 }), '4'),
  EXPIRED_SESSIONS_KEPT_DAYS: variable(
    'Jobs',
    'How long a session is kept after it has expired; then its row is deleted.',
    whole({ unit: 'days', min: 0, max: 3_650 }),
    '30',
  ),
};
