import type { z } from 'zod';

/** One kind of work that can be put into the queue. */
export interface JobKind<Payload> {
  /** What a job carries; looked at again when it runs, because an older version may have written it. */
  readonly payload: z.ZodType<Payload>;
  /** How often a job is tried. The pauses in between grow: e, e^2, ... seconds, at most e^10 (6 hours). */
  readonly attemptsMax: number;
}

/** Every kind by its name. */
export type JobKinds = Readonly<Record<string, JobKind<unknown>>>;

type PayloadOf<Kind> = Kind extends JobKind<infer Payload> ? Payload : never;

/** A job of one of the kinds. */
export type JobOf<Kinds extends JobKinds> = {
  readonly [Name in keyof Kinds & string]: {
    readonly name: Name;
    readonly payload: PayloadOf<Kinds[Name]>;
    /** Not before this time, by the clock of the process that works. */
    readonly runAt: Date;
    /** Of the jobs that wait under one key the last one counts: a timer that is set anew replaces what it was. */
    readonly key: string;
  };
}[keyof Kinds & string];

/**
 * What does the work of each kind: a map with all of them, so a kind that nobody does does not compile. A job may be run
 * late, twice, at once by two processes, or when the world has moved on: a handler locks, looks again, and decides.
 */
export type JobHandlers<Kinds extends JobKinds> = {
  readonly [Name in keyof Kinds]: (payload: PayloadOf<Kinds[Name]>) => Promise<void>;
};

/** What one run of a job came to. */
export interface JobRun {
  readonly job: string;
  /** `failedForGood`: it was the last attempt. */
  readonly result: 'done' | 'failed' | 'failedForGood';
  readonly tookMs: number;
}
