import { createHand, type World } from './load.world.js';
import { readSomething } from './load.reads.js';
import { writeSomething } from './load.writes.js';

export { createWorld, type Counts, type World } from './load.world.js';

export interface LoadOptions {
  readonly world: World;
  readonly seed: number;
  /** How many clients act at the same time. Default 8. */
  readonly workersCount?: number;
  /** How many of a hundred operations are writes. Default 25. */
  readonly writesPercent?: number;
  /** Asked before each operation of each worker. */
  readonly goesOn: (operations: number) => boolean;
}

/** Mixed reads and writes through random servers until `goesOn` says no. The same seed makes the same choices. */
export async function runLoad(options: LoadOptions): Promise<void> {
  const { world, seed, workersCount = 8, writesPercent = 25, goesOn } = options;
  let operations = 0;
  const work = async (worker: number): Promise<void> => {
    const hand = createHand(world, seed + worker * 7919);
    while (goesOn(operations)) {
      operations += 1;
      await (hand.random.chance(writesPercent) ? writeSomething(hand) : readSomething(hand));
    }
  };
  await Promise.all(Array.from({ length: workersCount }, (_, worker) => work(worker)));
}
