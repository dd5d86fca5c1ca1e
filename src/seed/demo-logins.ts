/** Of every demo login. */
export const demoPassword = 'runam-demo';

/** One of each role, for the log of a first start. */
export const demoLogins =
  'ada@runam.test (customer), bola@runam.test (runner), and of staff support@, arbiter@, finance@ and admin@runam.test';
