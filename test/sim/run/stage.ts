import type { Client } from 'pg';
import type { Db } from '../../../src/db/index.js';
import type { Random } from '../../../src/seed/random.js';
import type { Market, World } from '../model/world.js';
import type { Attempt, Payload } from '../plays/attempt.js';
import type { Findings } from '../proof/invariants.js';
import type { VirtualClock } from './clock.js';
import type { House } from './house.js';
import type { LossyProvider } from './provider.js';

/** What every step of a simulation has at hand. */
export interface Stage {
  readonly house: House;
  readonly lossy: LossyProvider;
  readonly clock: VirtualClock;
  readonly world: World;
  /** Where the storms are; the model does not follow it. */
  readonly storm: Market;
  /** Looks at the rows past the server, by a connection of its own. */
  readonly rows: Client;
  readonly databaseUrl: string;
  /** For the server's own checks of the books. */
  readonly books: Db;
  readonly findings: Findings;
  readonly tally: Tally;
  /** What was answered lately to whom, newest last; for those who say things twice. */
  readonly answered: Answered[];
  /** One line of the run's story: the same in every run of its seed. */
  tell(line: string): void;
}

export interface Answered {
  readonly attempt: Attempt;
  readonly key: string;
  readonly payload: Payload;
  readonly atMs: number;
}

/** What was done, by name. */
export interface Tally {
  readonly commands: Map<string, number>;
  readonly faults: Map<string, number>;
  readonly schedules: Map<string, number>;
}

/** What one step is drawn from. */
export interface Step {
  readonly number: number;
  readonly random: Random;
}

export function count(of: Map<string, number>, name: string, times = 1): void {
  of.set(name, (of.get(name) ?? 0) + times);
}
