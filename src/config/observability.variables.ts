import { decimal, flag, pairs, text, url } from './kinds.js';
import { variable } from './variable.js';

export const observabilityVariables = {
  METRICS_ENABLED: variable(
    'Observability',
    'Serve Prometheus metrics at /metrics, on the same port as everything else.',
    flag,
    undefined,
    'on outside production; in production on when METRICS_TOKEN is set',
  ),
  METRICS_TOKEN: variable(
    'Observability',
    'What a scraper sends as "Authorization: Bearer <token>".',
    text({ pattern: /^[\x21-\x7e]{16,}$/, takes: 'at least 16 characters without spaces', isSecret: true }),
    undefined,
    '/metrics asks for nothing',
  ),
  CACHE_SHADOW_PERCENT: variable(
    'Observability',
    'Share of the cache hits that are loaded again in the background and compared with what was shown. A type found older than its guarantee goes past the cache for a while.',
    decimal({ unit: 'percent', min: 0, max: 100, minMeans: 'none' }),
    undefined,
    '0.1 in production, 0 otherwise',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: variable(
    'Observability',
    'OpenTelemetry collector to send spans to, by OTLP over HTTP; /v1/traces is added.',
    url(['http:', 'https:'], 'http://host:4318 or https://…'),
    undefined,
    'nothing is traced, at no cost',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: variable('Observability', 'Sent with every export.', pairs, undefined, 'none'),
  OTEL_SERVICE_NAME: variable(
    'Observability',
    'What this service is called in traces.',
    text({ pattern: /^.{1,200}$/, takes: '1 to 200 characters' }),
    'runam',
  ),
  OTEL_TRACES_SAMPLER_ARG: variable(
    'Observability',
    'Share of the requests that are traced; a caller that sends traceparent has decided for itself.',
    decimal({ min: 0, max: 1, minMeans: 'none', example: 0.1 }),
    '1',
  ),
};
