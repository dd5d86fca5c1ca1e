import { whole } from './kinds.js';
import { variable } from './variable.js';

const day = 86_400;

/** What ends payouts that wait, and holds money that may be taken back. */
export const payendsVariables = {
  PAYOUT_CLEARING: variable(
    'Payouts',
    'How long money that came in by a charge can be spent and not be paid out: so long a chargeback finds it in the wallet.',
    whole({ unit: 'seconds', min: 0, max: 180 * day, minMeans: 'not at all' }),
    undefined,
    '86400 in production, 0 otherwise',
  ),
  PAYOUT_REMIND_AFTER: variable(
    'Payouts',
    'When FINANCE is told that a payout waits for them, counted from its request.',
    whole({ unit: 'seconds', min: 60, max: 365 * day }),
    '259200',
  ),
  PAYOUT_GIVE_BACK_AFTER: variable(
    'Payouts',
    'When a payout about which FINANCE has not decided goes back to its wallet, counted from its request.',
    whole({ unit: 'seconds', min: 60, max: 365 * day }),
    '604800',
  ),
};
