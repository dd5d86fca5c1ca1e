/** One short stretch of load on one server. */
export interface SliceOrder {
  readonly url: string;
  readonly connections: number;
  readonly durationMs: number;
  /** JSON bodies, given out to the connections in turn; `counterMark` in one becomes a number of the same length. */
  readonly bodies: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** What every answer is, byte for byte; undefined: any answer without errors. */
  readonly expected: string | undefined;
}

export interface Slice {
  /** From the first request sent to the last answer. */
  readonly elapsedMs: number;
  /** One a request. */
  readonly latenciesMs: Float64Array;
  /** Answers whose Cache-Status says that every cached field was a hit. */
  readonly hits: number;
  /** Share of the time that the load generator itself was busy, 0 to 1. */
  readonly generatorLoad: number;
}

/** Eight characters, as long as the number that takes its place. */
export const counterMark = '########';
