export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** What is known of a piece of work only while it runs. */
export interface SpanNotes {
  note(attributes: SpanAttributes): void;
  rename(name: string): void;
}

/**
 * Writes down how long pieces of work took and which of them was part of which. Rooms take it as an option, and call nothing
 * and allocate nothing without it.
 */
export interface Tracing {
  /** Runs `work` as a span; spans begun inside it are its parts. What it throws is written down and thrown on. */
  span<T>(name: string, attributes: SpanAttributes, work: (notes: SpanNotes) => Promise<T>): Promise<T>;
  /** The span the calling code is part of, if any. */
  present(): SpanNotes | undefined;
  /** Begins the span of a request from outside, as part of the trace that its headers name (W3C Trace Context), if any. */
  incoming(headers: Readonly<Record<string, unknown>>, name: string, attributes: SpanAttributes): IncomingSpan;
}

export interface IncomingSpan extends SpanNotes {
  /** Calls `work`; what it begins is part of this span. */
  within(work: () => void): void;
  /** @param hasFailed whether it is to be shown as an error */
  end(hasFailed: boolean): void;
}
