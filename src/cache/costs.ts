/** How long the loads of each type took lately. */
export interface Costs {
  note(type: string, costMs: number): void;
  /** Milliseconds; undefined before the first load of this type has ended. */
  of(type: string): number | undefined;
}

/** Rises at once and falls slowly, so that one quick load does not make the next slow one look stuck. */
export function createCosts(): Costs {
  const recent = new Map<string, number>();
  return {
    note(type, costMs) {
      const before = recent.get(type) ?? 0;
      recent.set(type, costMs >= before ? costMs : 0.8 * before + 0.2 * costMs);
    },
    of: (type) => recent.get(type),
  };
}
