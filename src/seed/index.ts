import type { Db } from '../db/index.js';
import { systemClock, type Logger } from '../kernel/index.js';
import { bankIdOf, importBanks, readBankDirectory, type BankDirectory } from '../modules/banks/index.js';
import { createAccountCipher, type PayoutKey } from '../modules/payouts/index.js';
import { appendBookLines } from '../modules/providers/index.js';
import { createPasswords } from '../modules/users/index.js';
import { demoPassword } from './demo-logins.js';
import { seedDemo, type Seeded } from './seed.js';

export type { PayoutMeans } from './story.payouts.js';
export { seedDemo, tellDemo, type DemoOptions, type SeedDeps, type Seeded } from './seed.js';
export { demoLogins, demoPassword } from './demo-logins.js';
export type { World } from './world.type.js';

export interface DemoDataOptions {
  readonly db: Pick<Db, 'write'>;
  readonly logger: Logger;
  /** What account numbers are encrypted with; undefined: nobody has a payout account. */
  readonly payoutKeys?: readonly PayoutKey[] | undefined;
  /** The book of the sandbox provider beside it; undefined: there is none, and no payout is under way. */
  readonly sandboxBookFile?: string | undefined;
}

/** The demo of a first start: its present is now, its bank directory the bundled one. */
export async function seedDemoData({ db, logger, payoutKeys, sandboxBookFile }: DemoDataOptions): Promise<Seeded> {
  const clock = systemClock;
  const passwordHash = await createPasswords().hash(demoPassword);
  const directory = await readBankDirectory();
  return seedDemo({
    db,
    clock,
    logger,
    passwordHash,
    means: payoutKeys && {
      cipher: createAccountCipher(payoutKeys),
      bankIds: demoBankIds(directory),
      hasBook: sandboxBookFile !== undefined,
    },
    keepBook: sandboxBookFile === undefined ? undefined : (lines) => appendBookLines(sandboxBookFile, lines),
    importBanks: (tx) => importBanks(tx, directory, clock),
    onProgress: everyQuarter((percent) => logger.info({}, `Loading the demo markets: ${percent} %`)),
  });
}

/** Reports 0, 25, 50 and 75 %, each once. */
function everyQuarter(report: (percent: number) => void): (done: number, all: number) => void {
  let next = 0;
  return (done, all) => {
    const percent = Math.floor((done / all) * 4) * 25;
    if (percent < next || percent >= 100) return;
    next = percent + 25;
    report(percent);
  };
}

const banksOfMarket = 6;

/** The best known banks of a market come first in the directory's order of names that are asked for. */
export function demoBankIds({ banks }: BankDirectory): ReadonlyMap<string, readonly string[]> {
  const known = ['Access Bank', 'Guaranty Trust Bank', 'Zenith Bank', 'First Bank of Nigeria', 'Equity Bank', 'KCB'];
  const idsOf = (currency: string): readonly string[] => {
    const own = banks.filter((bank) => bank.currency === currency);
    const first = own.filter(({ name }) => known.some((start) => name.startsWith(start)));
    return [...first, ...own].slice(0, banksOfMarket).map(bankIdOf);
  };
  return new Map(['NGN', 'KES'].map((currency) => [currency, idsOf(currency)]));
}
