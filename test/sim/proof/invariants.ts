/** The invariants of the books, by their numbers, and what each says. */
export const invariants = {
  I1: 'each journal balances',
  I2: 'all accounts sum to zero at every snapshot',
  I3: 'totals, running balances and numbers follow from lines',
  I4: 'nothing with a floor is negative',
  I5: "an escrow's amounts explain what it holds",
  I6: 'an errand that has ended holds no money',
  I7: 'one release or one refund; nothing leaves while frozen',
  I8: 'one accepted offer, one runner',
  I9: 'a transition fires once',
  I10: 'one idempotency key, one effect',
  I11: 'a payout has one effect at the provider, or none',
  I12: "clearing equals the provider's book and what is in flight",
  I13: 'order and repetition of webhooks do not matter',
  I14: 'a timer late, twice or on two workers fires once',
  I15: 'currencies never mix',
  I16: 'fees and parts sum to the whole',
  I17: 'illegal moves are typed errors and change no row',
  I18: "nobody sees another party's private fields",
  I19: 'any changed row of journals and events is found',
  I20: 'replaying all journals rebuilds every balance',
  I21: 'the trial balance balances as of any moment; the sheet ties',
  I22: 'opening and lines make closing',
  I23: 'a crash at any statement leaves I1 to I9 true',
  I24: 'news in the outbox equals committed transitions',
} as const;

export type Invariant = keyof typeof invariants;
export const invariantNames = Object.keys(invariants) as readonly Invariant[];

/** `notExercised`: nothing happened that could have broken it. */
export type Verdict = 'held' | 'broken' | 'notExercised';

export interface Breach {
  /** `model`: the server did something else than the rules say, be it too little or too much. */
  readonly what: Invariant | 'model';
  readonly step: number;
  readonly problem: string;
}

/** How often each was looked at, and what was found. */
export interface Findings {
  readonly breaches: readonly Breach[];
  /** Looked at, and well. @param times default 1 */
  look(what: Invariant | 'model', times?: number): void;
  /** One sentence that names what is wrong. */
  breach(what: Invariant | 'model', problem: string): void;
  looks(what: Invariant | 'model'): number;
  verdict(what: Invariant | 'model'): Verdict;
}

export function createFindings(step: () => number): Findings {
  const breaches: Breach[] = [];
  const looks = new Map<string, number>();
  const look = (what: string, times = 1): void => void looks.set(what, (looks.get(what) ?? 0) + times);
  return {
    breaches,
    look,
    breach(what, problem) {
      look(what);
      breaches.push({ what, step: step(), problem });
    },
    looks: (what) => looks.get(what) ?? 0,
    verdict(what) {
      if (breaches.some((breach) => breach.what === what)) return 'broken';
      return looks.has(what) ? 'held' : 'notExercised';
    },
  };
}
