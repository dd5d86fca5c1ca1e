import { readdirSync, readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { buildSchema, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache, createRedisStore } from '../../src/cache/index.js';
import { uuidv7, type Role } from '../../src/kernel/index.js';
import { MakeOfferDocument } from '../support/generated/graphql.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { agree, dispute, fund, join, openMarket, post, type Person } from '../support/market.js';
import { startRedis, type RedisProcess } from '../support/redis.js';
import { everythingOf, namedTypeOf } from '../support/selection.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const markets = ['lagos', 'abuja'] as const;
const staff = ['SUPPORT', 'ARBITER', 'FINANCE', 'ADMIN'] as const;
/** A busy machine takes ten times as long as one with nothing else to do. */
const walkMsMax = 480_000;

interface Viewer {
  readonly name: string;
  readonly market: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Question {
  /** The cached root field. */
  readonly field: string;
  readonly query: string;
}

describe('on a warm cache, whoever filled it', () => {
  let redis: RedisProcess;
  let cached: TestApp;
  /** The same market on the same database, without a cache: what each viewer must be answered. */
  let truth: TestApp;
  let viewers: readonly Viewer[];
  let questions: readonly Question[];

  beforeAll(async () => {
    redis = await startRedis();
    cached = await startTestApp({ env: { REDIS_URL: redis.url, CACHE_QUARANTINE_MS: '0' } });
    truth = await startTestApp({ env: { CACHE_ENABLED: 'False' }, database: cached.database });
    const told = await Promise.all(markets.map((slug) => openAndPlay(cached, slug)));
    viewers = told.flatMap((market) => market.viewers);
    questions = distinct(told.flatMap((market) => questionsAbout(market)));
  });
  afterAll(async () => {
    await truth.close();
    await cached.close();
    await redis.stop();
  });

  it('asks every field that is cached', () => {
    expect([...new Set(questions.map(({ field }) => field))].toSorted()).toEqual(cachedFields().toSorted());
  });

  it(
    'every role in every market gets from every cached field what an uncached server tells it, to the last field',
    async () => {
      const expected = new Map<Viewer, readonly Answer[]>();
      for (const viewer of viewers) expected.set(viewer, await askAll(truth.url, viewer, questions));
      const hits = new Set<string>();
      const walk = async (order: readonly Viewer[], asks: Asks) => {
        await emptyTheCache(redis.url);
        const told: Told = new Map();
        for (const viewer of order) {
          const asked = questions.filter((question) => asks(viewer, question, told));
          const answers = await askAll(cached.url, viewer, asked);
          for (const [at, question] of asked.entries()) {
            const [answer, truly] = [answers[at]!, expected.get(viewer)![questions.indexOf(question)]!];
            if (isHit(answer)) hits.add(question.field);
            const what = `${question.field} to ${viewer.name} after ${order[0]!.name} came first: ${question.query}`;
            const [is, must] = answer.text === truly.text ? [] : [JSON.parse(answer.text), JSON.parse(truly.text)];
            expect(is, what).toEqual(must);
          }
          if (!told.has(viewer)) told.set(viewer, new Map(asked.map((question, at) => [question, answers[at]!])));
        }
        return told;
      };
      const twice = viewers.flatMap((viewer) => [viewer, viewer]);
      const ends = [await walk(twice, unlessHit), await walk(viewers.toReversed(), unlessHit)];
      const missed = (viewer: Viewer, question: Question): boolean =>
        ends.every((told) => isMiss(told.get(viewer)!.get(question)!));
      // Who found nothing behind everybody else, from either end, shares that entry with nobody; and when this is so of who
      // came first of a market behind all of the other, no entry of the one market answers in the other.
      const border = viewers.filter(({ market }, at) => market !== (viewers[at - 1] ?? viewers[at])!.market);
      const borderBack = viewers.filter(({ market }, at) => market !== (viewers[at + 1] ?? viewers[at])!.market);
      const staysHome = (question: Question): boolean =>
        [border, borderBack].every((first, end) =>
          first.every((viewer) => isMiss(ends[end]!.get(viewer)!.get(question)!)),
        );
      const home = new Set(questions.filter(staysHome));
      for (const order of orders(viewers))
        await walk(
          order,
          (viewer, question) =>
            !missed(viewer, question) && (viewer.market === order[0]!.market || !home.has(question)),
        );
      expect([...hits].toSorted(), 'a cache that is never hit proves nothing').toEqual(cachedFields().toSorted());
    },
    walkMsMax,
  );
});

/** What each viewer was answered first. */
type Told = Map<Viewer, ReadonlyMap<Question, Answer>>;

/** Whether a viewer asks for this. */
type Asks = (viewer: Viewer, question: Question, told: Told) => boolean;

/** Everything once; and again what was no hit, which is one then. */
const unlessHit: Asks = (viewer, question, told) => {
  const answer = told.get(viewer)?.get(question);
  return !answer || !isHit(answer);
};

/** Each viewer comes first once, so that each finds what each other filled. */
function orders<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return items.map((_, index) => [...items.slice(index), ...items.slice(0, index)]);
}

/** What names nothing of a market is the same question in each of them, told apart by who asks. */
function distinct(questions: readonly Question[]): readonly Question[] {
  return [...new Map(questions.map((question) => [question.query, question])).values()];
}

interface Played {
  readonly viewers: readonly Viewer[];
  readonly userIds: readonly string[];
  readonly errandIds: readonly string[];
  readonly escrowIds: readonly string[];
  readonly disputeIds: readonly string[];
}

/** A market with an errand in every state that shows different things to different people. */
async function openAndPlay(app: TestApp, slug: string): Promise<Played> {
  const tenantId = await openMarket(app.app.db, slug);
  const here = app.client.with({ 'x-runam-tenant': slug });
  const [customer, runner, rival, stranger] = [
    await join(here, 'CUSTOMER', `${slug} customer`),
    await join(here, 'RUNNER', `${slug} runner`),
    await join(here, 'RUNNER', `${slug} rival`),
    await join(here, 'CUSTOMER', `${slug} stranger`),
  ];
  const officers = await Promise.all(staff.map((role) => joinStaff(app, here, tenantId, role)));
  const places = { pickupAddress: `1 ${slug} Street`, dropoffAddress: `2 ${slug} Road` };
  const draft = await post(customer, { publish: false, ...places });
  const open = await post(customer, places);
  await rival.client.get(MakeOfferDocument, { errandId: open, input: { amountMinor: 150_000 } });
  const agreed = await post(customer, places);
  const agreedEscrow = await agree(customer, runner, agreed);
  const paid = await post(customer, places);
  await rival.client.get(MakeOfferDocument, { errandId: paid, input: { amountMinor: 250_000 } });
  const paidEscrow = await agree(customer, runner, paid);
  await fund(customer, paid);
  const disputed = await post(customer, places);
  await agree(customer, runner, disputed);
  await fund(customer, disputed);
  const disputeId = await dispute(runner, customer, disputed);
  const people = [customer, runner, rival, stranger, ...officers];
  const names = ['customer', 'runner', 'rival', 'stranger', ...staff.map((role) => role.toLowerCase())];
  return {
    viewers: [
      { name: `${slug} anonymous`, market: slug, headers: { 'x-runam-tenant': slug } },
      ...people.map((person, index) => ({ name: `${slug} ${names[index]}`, market: slug, headers: headersOf(person) })),
    ],
    userIds: [customer.id, runner.id, officers[0]!.id],
    errandIds: [draft, open, agreed, paid],
    escrowIds: [agreedEscrow, paidEscrow],
    disputeIds: [disputeId],
  };
}

async function joinStaff(app: TestApp, here: GraphqlClient, tenantId: string, role: Role): Promise<Person> {
  const person = await join(here, 'CUSTOMER', role);
  const grant = { id: uuidv7(), tenantId, userId: person.id, role, createdAt: new Date() };
  await app.app.db.write((tx) => tx.roleGrant.create({ data: grant }));
  return person;
}

function headersOf({ client }: Person): Readonly<Record<string, string>> {
  return client.headers;
}

const schema = buildSchema(readFileSync(joinPath(import.meta.dirname, '../../docs/schema.graphql'), 'utf8'));

/** Worked out for who asks when it is asked, whatever the cache holds: graphql-actions.test asks for it. */
const neverCached = ['allowedActions', 'reviews'];

/** Every cached field about everything of this market, with all it can be asked for. */
function questionsAbout({ userIds, errandIds, escrowIds, disputeIds }: Played): readonly Question[] {
  const about = (field: string, ids: readonly string[], argument = 'id'): readonly Question[] =>
    ids.map((id) => questionOf(field, `(${argument}: "${id}")`));
  return [
    questionOf('me'),
    questionOf('errands', '(first: 5)'),
    questionOf('errands', '(first: 5, filter: { states: [OPEN] })'),
    questionOf('myErrands', '(first: 5)'),
    questionOf('myEscrows', '(first: 5)'),
    questionOf('banks', '(country: "GH", search: "bank")'),
    ...about('user', userIds),
    ...about('errand', errandIds),
    ...about('escrow', escrowIds),
    ...about('dispute', disputeIds),
    ...about('offers', errandIds, 'errandId'),
  ];
}

function questionOf(field: string, given = ''): Question {
  const type = namedTypeOf(schema.getQueryType()!.getFields()[field]!.type);
  if (!isObjectType(type)) throw new Error(`${field} answers no object`);
  // A connection is three objects deep before the first thing it lists.
  const depth = type.name.endsWith('Connection') ? 5 : 3;
  return { field, query: `{ ${field}${given} ${everythingOf(type, depth, neverCached)} }` };
}

/** The root fields that carry a cache policy, as the sources have them. */
function cachedFields(): readonly string[] {
  const folder = joinPath(import.meta.dirname, '../../src/graphql');
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.resolver.ts'))
    .map((file) => readFileSync(joinPath(folder, file), 'utf8'));
  return texts.flatMap((text) =>
    text
      .split(/^ {2}@Cached</m)
      .slice(1)
      .map((after) => /^ {2}(?:async )?(\w+)\(/m.exec(after)![1]!),
  );
}

interface Answer {
  /** As it came, byte for byte, but for the name of the request in its faults. */
  readonly text: string;
  readonly cacheStatus: string;
}

function isHit({ cacheStatus }: Answer): boolean {
  return cacheStatus.includes('; hit');
}

/** It said so: of what a viewer may not see, nothing is said of the cache either. */
function isMiss({ cacheStatus }: Answer): boolean {
  return cacheStatus.includes('; fwd=miss');
}

function askAll(url: string, viewer: Viewer, questions: readonly Question[]): Promise<readonly Answer[]> {
  return Promise.all(questions.map((question) => ask(url, viewer, question)));
}

async function ask(url: string, { headers }: Viewer, { query }: Question): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  const text = (await response.text()).replaceAll(/"requestId":"[^"]*"/g, '"requestId":""');
  return { text, cacheStatus: response.headers.get('cache-status') ?? '' };
}

async function emptyTheCache(redisUrl: string): Promise<void> {
  const cache = createCache({ store: createRedisStore({ url: redisUrl, prefix: 'runam' }), prefix: 'walk' });
  await cache.clearAll();
  await cache.close();
}
