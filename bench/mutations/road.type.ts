import type { RoadStep } from './documents.js';

/** Two people who do errands with each other, by their access tokens. */
export interface LanePeople {
  readonly customer: string;
  readonly runner: string;
}

/** One short stretch of the main road on one server. */
export interface RoadOrder {
  /** Roads that a slice leaves unfinished go on in the next one with the same name. */
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly lanes: readonly LanePeople[];
  readonly durationMs: number;
  readonly isKeyed: boolean;
}

export interface RoadSlice {
  readonly elapsedMs: number;
  /** In the order in which answers came, of every call. */
  readonly calls: readonly { readonly step: RoadStep; readonly ms: number }[];
  /** Share of the time that the load generator itself was busy, 0 to 1. */
  readonly generatorLoad: number;
}
