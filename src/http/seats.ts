/** Places for connections that stay. */
export interface Seats {
  /** @returns what gives the place back, which may be repeated; undefined when there is none left for this one */
  take(who: string): (() => void) | undefined;
}

export interface SeatsOptions {
  readonly max: number;
  readonly perViewerMax: number;
}

export function createSeats({ max, perViewerMax }: SeatsOptions): Seats {
  const taken = new Map<string, number>();
  let total = 0;
  return {
    take(who) {
      const own = taken.get(who) ?? 0;
      if (total >= max || own >= perViewerMax) return undefined;
      taken.set(who, own + 1);
      total += 1;
      let isGiven = false;
      return () => {
        if (isGiven) return;
        isGiven = true;
        total -= 1;
        const left = (taken.get(who) ?? 1) - 1;
        if (left === 0) taken.delete(who);
        else taken.set(who, left);
      };
    },
  };
}
