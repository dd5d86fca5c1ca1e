import type { OpenTelemetry, TracingOptions } from './tracing.js';

export type { OpenTelemetry, TracingOptions };

/** Tracing is off by default, and its library takes a good part of what a start takes: it is read where it is asked for. */
export async function startOpenTelemetry(options: TracingOptions): Promise<OpenTelemetry> {
  const { createOpenTelemetry } = await import('./tracing.js');
  return createOpenTelemetry(options);
}
