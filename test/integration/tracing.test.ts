import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UpdateErrandDocument } from '../support/generated/graphql.js';
import { postGraphql } from '../support/http.js';
import { join, openMarket, post } from '../support/market.js';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../support/otlp.js';
import { startTestApp } from '../support/test-app.js';

const traces = {
  read: 'a'.repeat(32),
  hit: 'b'.repeat(32),
  write: 'c'.repeat(32),
  unsampled: 'd'.repeat(32),
  absent: 'e'.repeat(32),
};
const caller = '1234567890abcdef';
const absentId = '0192f0c1-2b3c-7d4e-8f50-61728394a5b6';

describe('a request that is traced', () => {
  let receiver: OtlpReceiver;

  /** Everything is sent by the time the server has closed. */
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    const app = await startTestApp({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/`,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20key',
        OTEL_SERVICE_NAME: 'runam-test',
      },
    });
    await openMarket(app.app.db);
    const customer = await join(app.client, 'CUSTOMER');
    const errandId = await post(customer);
    const from = (trace: string, flags = '01') => ({ traceparent: `00-${trace}-${caller}-${flags}` });
    const read = `query Detail { errand(id: "${errandId}") { id customer { id } } }`;
    await postGraphql(app.url, read, from(traces.read));
    await postGraphql(app.url, read, from(traces.hit));
    await postGraphql(app.url, `{ errand(id: "${absentId}") { id } }`, from(traces.absent));
    await postGraphql(app.url, '{ banks { name } }', from(traces.unsampled, '00'));
    const writer = customer.client.with(from(traces.write));
    await writer.get(UpdateErrandDocument, { id: errandId, input: { title: 'Another' } });
    await app.close();
  });
  afterAll(() => receiver.close());

  const of = (trace: string) => receiver.spans.filter(({ traceId }) => traceId === trace);
  const named = (trace: string, name: string): ReceivedSpan => {
    const found = of(trace).find((span) => span.name === name);
    if (!found)
      throw new Error(
        `no span ${name} among ${of(trace)
          .map((span) => span.name)
          .join(', ')}`,
      );
    return found;
  };

  it("is part of its caller's trace, from the request to the statement", () => {
    const request = named(traces.read, 'POST /graphql');
    const operation = named(traces.read, 'query errand');
    const cached = named(traces.read, 'cache read ERRAND_DETAIL');
    const statement = named(traces.read, 'db Errand.findFirst');
    expect(request.parentSpanId).toBe(caller);
    expect(operation.parentSpanId).toBe(request.spanId);
    expect(cached.parentSpanId).toBe(operation.spanId);
    expect(statement.parentSpanId).toBe(cached.spanId);
    expect(request.attributes).toMatchObject({ 'http.route': '/graphql', 'http.response.status_code': 200 });
    expect(operation.attributes).toMatchObject({ 'graphql.operation.name': 'Detail' });
    expect(cached.attributes).toMatchObject({ 'cache.kind': 'miss', 'cache.reason': 'cold', 'cache.tier': 'acked' });
  });

  it('shows that a hit asked the database nothing for it', () => {
    expect(named(traces.hit, 'cache read ERRAND_DETAIL').attributes).toMatchObject({ 'cache.kind': 'hit' });
    expect(of(traces.hit).filter(({ name }) => name.startsWith('db Errand'))).toEqual([]);
  });

  it('shows the transaction of a write and the invalidation its answer waited for', () => {
    const operation = named(traces.write, 'mutation updateErrand');
    const transaction = named(traces.write, 'db transaction');
    expect(transaction.parentSpanId).toBe(operation.spanId);
    const told = of(traces.write).filter(({ name }) => name === 'cache end' || name === 'cache bump');
    expect(told).toHaveLength(1);
    expect(told[0]?.attributes['cache.tags']).toBeGreaterThan(0);
  });

  it('is left out when its caller does not want it traced', () => {
    expect(of(traces.unsampled)).toEqual([]);
  });

  it('names neither people nor secrets', () => {
    const text = JSON.stringify(receiver.spans);
    expect(text).not.toContain('Bearer');
    expect(text).not.toContain('@runam.test');
    expect(text, 'an argument, in what is said of a failure').not.toContain(absentId);
  });

  it('says of a failure what kind it is', () => {
    const failed = named(traces.absent, 'cache read ERRAND_DETAIL');
    expect(failed.hasFailed).toBe(true);
    expect(JSON.stringify(failed.events)).toContain('NOT_FOUND');
  });

  it('is the beginning of a trace of its own when nobody called', () => {
    const own = receiver.spans.filter(
      ({ name, parentSpanId }) => name === 'POST /graphql' && parentSpanId === undefined,
    );
    expect(own.length).toBeGreaterThan(0);
    // The rounds of sweeper, reaper and timers belong to no request.
    const roots = receiver.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(new Set(roots.map(({ name }) => name))).toEqual(new Set(['POST /graphql']));
  });

  it('goes to the collector that is set, under the name and with the headers that are set', () => {
    expect(new Set(receiver.spans.map(({ service }) => service))).toEqual(new Set(['runam-test']));
    expect(receiver.headers[0]).toMatchObject({ 'x-key': 'a key', 'content-type': 'application/json' });
  });
});
