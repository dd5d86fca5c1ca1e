import {
  context,
  diag,
  DiagLogLevel,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import type { Logger, SpanNotes, Tracing } from '../kernel/index.js';

export interface TracingOptions {
  /** Of the collector, path included. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Of the requests that no caller decided about, 0 to 1. */
  readonly share: number;
  readonly logger: Logger;
}

/** Spans to an OpenTelemetry collector. One in a process, because it carries the present span along all asynchronous work. */
export interface OpenTelemetry extends Tracing {
  /** Sends what is left and ends. */
  close(): Promise<void>;
}

export function createOpenTelemetry(options: TracingOptions): OpenTelemetry {
  const provider = createProvider(options);
  const tracer = provider.getTracer('runam');
  return {
    async span(name, attributes, work) {
      // What belongs to no request, such as the rounds of the sweeper, would be noise.
      if (!trace.getActiveSpan()) return work(silent);
      return tracer.startActiveSpan(name, { attributes }, async (span) => {
        try {
          return await work(notesOf(span));
        } catch (error) {
          fail(span, error);
          throw error;
        } finally {
          span.end();
        }
      });
    },
    present() {
      const span = trace.getActiveSpan();
      return span && notesOf(span);
    },
    incoming(headers, name, attributes) {
      const caller = propagation.extract(ROOT_CONTEXT, headers);
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, caller);
      const inside = trace.setSpan(caller, span);
      return {
        ...notesOf(span),
        within: (work) => context.with(inside, work),
        end(hasFailed) {
          if (hasFailed) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
    async close() {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
      diag.disable();
    },
  };
}

function createProvider({ url, headers, serviceName, share, logger }: TracingOptions): NodeTracerProvider {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url, headers: { ...headers } }))],
  });
  provider.register();
  const warn = oncePer(60_000, (message) => logger.warn({ message }, 'spans cannot be sent to the collector'));
  const nothing = (): void => {};
  diag.setLogger(
    { error: warn, warn, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN },
  );
  return provider;
}

const silent: SpanNotes = { note() {}, rename() {} };

function notesOf(span: Span): SpanNotes {
  return {
    note: (attributes) => void span.setAttributes(attributes),
    rename: (name) => void span.updateName(name),
  };
}

/** What kind, and nothing of its words: they repeat arguments. The log has them, under the same request. */
function fail(span: Span, error: unknown): void {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  const type = error instanceof Error ? String(name) : typeof error;
  span.addEvent('exception', { 'exception.type': typeof code === 'string' ? `${type} ${code}` : type });
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** A collector that is away fails every few seconds; the log says so once in a while. */
function oncePer(ms: number, say: (message: string) => void): (message: string) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (message) => {
    if (performance.now() - lastMs < ms) return;
    lastMs = performance.now();
    say(message);
  };
}
