import type { Db } from '../db/index.js';
import { systemClock, type Logger } from '../kernel/index.js';
import { importBanks, readBankDirectory } from '../modules/banks/index.js';
import { createPasswords } from '../modules/users/index.js';
import { demoPassword } from './demo-password.js';
import { seedDemo, type Seeded } from './seed.js';

export { seedDemo, tellDemo, type DemoOptions, type SeedDeps, type Seeded } from './seed.js';
export { demoPassword } from './demo-password.js';
export type { World } from './world.type.js';

/** The demo of a first start: its present is now, its bank directory the bundled one. */
export async function seedDemoData({
  db,
  logger,
}: {
  readonly db: Pick<Db, 'write'>;
  readonly logger: Logger;
}): Promise<Seeded> {
  const clock = systemClock;
  const passwordHash = await createPasswords().hash(demoPassword);
  const directory = await readBankDirectory();
  return seedDemo({
    db,
    clock,
    logger,
    passwordHash,
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
