/** What one check of the surroundings found. */
export interface Finding {
  readonly check: string;
  /** `warn`: it runs, and something is lost or at risk. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

export interface DoctorReport {
  /** Nothing fails; there may be warnings. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

export const ok = (check: string, detail: string): Finding => ({ check, state: 'ok', detail });

export const warn = (check: string, detail: string, advice: string): Finding => ({
  check,
  state: 'warn',
  detail,
  advice,
});

export const fail = (check: string, detail: string, advice: string): Finding => ({
  check,
  state: 'fail',
  detail,
  advice,
});
