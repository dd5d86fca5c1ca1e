import { describe, expect, it } from 'vitest';
import { answersTo } from '../../src/graphql/subscription/answers.js';
import { createEventStream } from '../../src/graphql/subscription/event-stream.js';
import { createSeats } from '../../src/http/seats.js';
import { AppError } from '../../src/kernel/index.js';
import { isPublicAddress, pauseAfterMs, recipientsOf, type ErrandNews } from '../../src/modules/news/index.js';

const nothing = { onEnd: () => {}, onBehind: () => {} };

describe('a stream of events to one client', () => {
  it('ends, and its connection is cut, when more waits than the client may let wait', async () => {
    const calls: string[] = [];
    const stream = createEventStream<number>({
      onEnd: () => calls.push('end'),
      onBehind: () => calls.push('behind'),
      waitingMax: 2,
    });
    for (const item of [1, 2, 3, 4]) stream.push(item);
    expect(calls).toEqual(['end', 'behind']);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('ends at once when it is left, also while it waits for the next event', async () => {
    const stream = createEventStream<number>(nothing);
    const answers = answersTo(stream, { answer: async (item) => ({ data: { item } }), failed: () => ({}) });
    const waiting = answers.next();
    await answers.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await answers.next()).toEqual({ done: true, value: undefined });
  });

  it('passes over what is not for the client, and ends with what cannot be answered', async () => {
    const stream = createEventStream<number>(nothing);
    const answers = answersTo(stream, {
      async answer(item) {
        if (item === 3) throw new AppError('UNAUTHENTICATED', 'expired');
        return item === 1 ? undefined : { data: { item } };
      },
      failed: (error) => ({ data: { failed: (error as Error).message } }),
    });
    for (const item of [1, 2, 3, 4]) stream.push(item);
    const seen: unknown[] = [];
    for await (const { data } of answers) seen.push(data);
    expect(seen).toEqual([{ item: 2 }, { failed: 'expired' }]);
  });

  it('tries again what the database could not answer just then', async () => {
    const stream = createEventStream<number>(nothing);
    let tries = 0;
    const answers = answersTo(stream, {
      async answer() {
        tries += 1;
        if (tries < 3) throw new AppError('UNAVAILABLE', 'away', { retryable: true });
        return { data: { tries } };
      },
      failed: () => ({}),
    });
    stream.push(1);
    expect(await answers.next()).toEqual({ done: false, value: { data: { tries: 3 } } });
    await answers.return();
  });
});

describe('places for connections', () => {
  it('are as many as there are, for all and for each, and come back once', () => {
    const seats = createSeats({ max: 3, perViewerMax: 2 });
    const [first] = [seats.take('a'), seats.take('a')];
    expect(seats.take('a')).toBeUndefined();
    expect(seats.take('b')).toBeDefined();
    expect(seats.take('c')).toBeUndefined();
    first?.();
    first?.();
    expect(seats.take('c')).toBeDefined();
    expect(seats.take('c')).toBeUndefined();
  });
});

describe('an address that webhooks may go to', () => {
  it.each(['8.8.8.8', '93.184.215.14', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('is a public one: %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    'example.com',
    '',
  ])('is none of this machine, a private network or a special range, in whatever dress: "%s"', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('the pause before another attempt', () => {
  it('is anything from a second to a bound that doubles up to six hours', () => {
    const most = [1, 2, 3, 10, 13, 14, 60, 5_000].map((attempt) => pauseAfterMs(attempt, 1));
    expect(most).toEqual([10_000, 20_000, 40_000, 5_120_000, 21_600_000, 21_600_000, 21_600_000, 21_600_000]);
    expect(pauseAfterMs(7, 0)).toBe(1_000);
    expect(pauseAfterMs(2, 0.5)).toBe(10_000);
  });
});

describe('news', () => {
  const news: ErrandNews = {
    seq: 1n,
    tenantId: 't',
    errandId: 'e',
    transition: 'runnerDrop',
    from: 'ASSIGNED',
    to: 'OPEN',
    actorId: 'r',
    actorRole: 'assignedRunner',
    customerId: 'c',
    runnerId: 'r',
    version: 2,
    at: new Date(0),
  };

  it('is told to the parties it concerns, without the one who made it', () => {
    expect(recipientsOf(news)).toEqual(['c']);
    expect(recipientsOf({ ...news, actorId: 'staff' })).toEqual(['c', 'r']);
    expect(recipientsOf({ ...news, transition: 'autoRelease', actorId: null })).toEqual(['c', 'r']);
    expect(recipientsOf({ ...news, transition: 'cancelFree', runnerId: null, actorId: 'c' })).toEqual([]);
    expect(recipientsOf({ ...news, transition: 'publish' })).toEqual([]);
  });
});
