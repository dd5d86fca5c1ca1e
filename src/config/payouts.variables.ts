import { amounts, keyList, whole } from './kinds.js';
import { variable } from './variable.js';

export const payoutsVariables = {
  PAYOUT_ENCRYPTION_KEY: variable(
    'Payouts',
    'Encrypts account numbers: AES-256 keys with names of your own. The first encrypts, all decrypt: to change it, put a new one in front.',
    keyList,
    undefined,
    'made once and kept in RUNAM_DATA_DIR; in production no payout account can be added',
  ),
  PAYOUT_COOL_OFF: variable(
    'Payouts',
    'How long a payout account must be known before it can be paid to.',
    whole({ unit: 'seconds', min: 0, max: 2_592_000 }),
    undefined,
    '86400 in production, 0 otherwise',
  ),
  PAYOUT_APPROVAL_ABOVE: variable(
    'Payouts',
    'A larger payout waits for somebody of FINANCE; so does everything in a currency that is not named.',
    amounts,
    'NGN=5000000,GHS=100000,KES=1000000,ZAR=150000,UGX=300000,XOF=50000,USD=10000',
  ),
  PAYOUT_MAX: variable(
    'Payouts',
    'The largest payout; no limit in a currency that is not named.',
    amounts,
    'NGN=100000000,GHS=2000000,KES=20000000,ZAR=3000000,UGX=6000000,XOF=1000000,USD=200000',
  ),
  PAYOUT_DAY_MAX: variable(
    'Payouts',
    'What one user may ask for within 24 hours; no limit in a currency that is not named.',
    amounts,
    'NGN=200000000,GHS=4000000,KES=40000000,ZAR=6000000,UGX=12000000,XOF=2000000,USD=400000',
  ),
  PAYOUT_NAME_MATCH_MIN: variable(
    'Payouts',
    "How much of the name that the bank has must be the user's, for a payout that nobody looks at.",
    whole({ unit: 'percent', min: 0, max: 100 }),
    undefined,
    '50 in production, 0 otherwise',
  ),
};
