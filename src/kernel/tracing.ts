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
}
