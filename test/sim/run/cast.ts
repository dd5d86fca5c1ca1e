import { Client } from 'pg';
import { createDb } from '../../../src/db/index.js';
import { silentLogger, uuidv7, type Clock, type Role } from '../../../src/kernel/index.js';
import { dayMs, fees, type Market, type Person, type World } from '../model/world.js';
import { askUntilAnswered } from './asking.js';
import type { House } from './house.js';

interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
  readonly user: { readonly id: string };
}

const sessionFields = 'accessToken refreshToken expiresIn user { id }';
const password = 'a long password';
const stormSlug = 'accra';

/**
 * Who lives where: two markets that have nothing to do with each other, one of them with a currency without decimals, and one
 * for storms, of which nobody can say beforehand how they end.
 */
const markets = [
  {
    slug: 'lagos',
    currency: 'NGN',
    people: { CUSTOMER: 5, RUNNER: 4, SUPPORT: 1, ARBITER: 2, ADMIN: 1, FINANCE: 1 },
  },
  {
    slug: 'kampala',
    currency: 'UGX',
    people: { CUSTOMER: 2, RUNNER: 2, SUPPORT: 1, ARBITER: 2, ADMIN: 0, FINANCE: 1 },
  },
  { slug: stormSlug, currency: 'GHS', people: { CUSTOMER: 1, RUNNER: 2, FINANCE: 1 } },
] as const;

export interface Cast {
  readonly world: World;
  /** A market that the model does not follow. */
  readonly storm: Market;
}

const bank = {
  country: 'GH',
  currency: 'GHS',
  name: 'First Bank',
  slug: 'first-bank',
  type: 'GHIPSS',
  typeAssigned: true,
  slugDerived: true,
  active: true,
  sources: ['simulation'],
} as const;

const bankCode = {
  provider: 'sandbox',
  scheme: 'sandbox',
  country: 'GH',
  type: 'GHIPSS',
  code: '011',
  source: 'simulation',
} as const;

/** Opens the markets, before the server looks at them. @returns their ids */
export async function openMarkets(databaseUrl: string, clock: Clock): Promise<ReadonlyMap<string, string>> {
  const db = createDb({ url: databaseUrl, logger: silentLogger });
  const ids = new Map(markets.map(({ slug }) => [slug as string, uuidv7()]));
  const createdAt = clock.now();
  await db.write(async (tx) => {
    for (const { slug, currency } of markets) {
      const id = ids.get(slug)!;
      await tx.tenant.create({ data: { id, slug, name: slug, currency, createdAt } });
      await tx.feePlan.create({
        data: { id: uuidv7(), tenantId: id, name: 'standard', version: 1, createdAt, ...fees },
      });
    }
    const bankId = uuidv7();
    const times = { validFrom: createdAt, createdAt, updatedAt: createdAt };
    await tx.bank.create({ data: { id: bankId, ...bank, sources: [...bank.sources], ...times } });
    await tx.bankCode.create({ data: { id: uuidv7(), bankId, ...bankCode, validFrom: createdAt } });
  });
  await db.close();
  await keepOldNews(databaseUrl);
  return ids;
}

/** News that everybody had is deleted one day; to be counted all the same, it is put aside. */
async function keepOldNews(databaseUrl: string): Promise<void> {
  const admin = new Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`
    CREATE TABLE sim_old_news AS SELECT * FROM outbox WITH NO DATA;
    CREATE FUNCTION sim_keep_old_news() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO sim_old_news SELECT OLD.*; RETURN NULL; END $$;
    CREATE TRIGGER sim_keep_old_news AFTER DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION sim_keep_old_news()`);
  await admin.end();
}

/** Signs everybody up at the door; roles that nobody can give themselves are granted in the database. */
export async function castWorld(
  house: House,
  databaseUrl: string,
  clock: Clock,
  ids: ReadonlyMap<string, string>,
): Promise<Cast> {
  const admin = new Client({ connectionString: databaseUrl });
  await admin.connect();
  const all: Market[] = [];
  for (const { slug, currency, people } of markets) {
    const accounts = { commission: 0n, vat: 0n, cancellation: 0n, chargebacks: 0n, received: 0n };
    const market: Market = { slug, tenantId: ids.get(slug)!, currency, people: [], house: accounts };
    all.push(market);
    const roles = Object.entries(people).flatMap(([role, count]) =>
      Array.from({ length: count }, (_, index) => [role as Role, index + 1] as const),
    );
    market.people.push(...(await Promise.all(roles.map(([role, number]) => join(house, clock, market, role, number)))));
    for (const person of market.people) await appoint(admin, clock, person);
  }
  await admin.end();
  const known = all.filter(({ slug }) => slug !== stormSlug);
  const world = { markets: known, people: known.flatMap(({ people }) => people), errands: [], charges: [] };
  return { world, storm: all.find(({ slug }) => slug === stormSlug)! };
}

async function join(house: House, clock: Clock, market: Market, role: Role, number: number): Promise<Person> {
  const isOwn = role === 'CUSTOMER' || role === 'RUNNER';
  const name = `${role.toLowerCase()} ${number} of ${market.slug}`;
  const email = `${name.replaceAll(' ', '.')}@sim.test`;
  const input = { email, password, displayName: name, role: isOwn ? role : 'CUSTOMER' };
  const document = `mutation ($input: SignUpInput!) { signUp(input: $input) { ${sessionFields} } }`;
  const reply = await house.ask({ token: undefined, document, variables: { input }, market: market.slug });
  if (reply.kind !== 'data') throw new Error(`${name} cannot sign up: ${JSON.stringify(reply)}`);
  const { user, ...session } = reply.data['signUp'] as Session;
  const inHand = { ...tokensOf(session, clock), signedInAtMs: clock.now().getTime(), old: undefined };
  return { name, market, role, id: user.id, email, session: inHand, blocked: new Set(), wallet: 0n, owed: 0n };
}

/** Nobody of the staff is a customer. */
async function appoint(admin: Client, clock: Clock, { id, role, market }: Person): Promise<void> {
  if (role === 'CUSTOMER' || role === 'RUNNER') return;
  await admin.query('DELETE FROM role_grant WHERE user_id = $1', [id]);
  const grant = 'INSERT INTO role_grant (id, tenant_id, user_id, role, created_at) VALUES ($1, $2, $3, $4::role, $5)';
  await admin.query(grant, [uuidv7(), market.tenantId, id, role, clock.now()]);
}

function tokensOf({ accessToken, refreshToken, expiresIn }: Omit<Session, 'user'>, clock: Clock) {
  return { accessToken, refreshToken, accessUntilMs: clock.now().getTime() + expiresIn * 1000 };
}

/** Well before a session ends by itself: an access token is good for a day, and no longer than its session. */
const sessionMsMax = 150 * dayMs;

/** A token that is good for now: refreshed in time, or got by signing in again when the session has run out. */
export async function tokenOf(house: House, clock: Clock, person: Person): Promise<string> {
  const { session } = person;
  if (clock.now().getTime() - session.signedInAtMs > sessionMsMax) return signIn(house, clock, person);
  if (clock.now().getTime() + 1_000 < session.accessUntilMs) return session.accessToken;
  const refreshed = await askUntilAnswered(
    { house },
    {
      token: undefined,
      document: `mutation ($token: String!) { refreshSession(refreshToken: $token) { ${sessionFields} } }`,
      variables: { token: session.refreshToken },
      market: person.market.slug,
    },
  );
  if (refreshed.kind === 'data') return keep(person, refreshed.data['refreshSession'] as Session, clock);
  // An answer that was lost has spent the token: the next refresh with it ended the session.
  return signIn(house, clock, person);
}

/** @throws Error when the door does not open */
export async function signIn(house: House, clock: Clock, person: Person): Promise<string> {
  const reply = await askUntilAnswered(
    { house },
    {
      token: undefined,
      document: `mutation ($input: SignInInput!) { signIn(input: $input) { ${sessionFields} } }`,
      variables: { input: { email: person.email, password } },
      market: person.market.slug,
    },
  );
  if (reply.kind !== 'data') throw new Error(`${person.name} cannot sign in: ${JSON.stringify(reply)}`);
  person.session.signedInAtMs = clock.now().getTime();
  return keep(person, reply.data['signIn'] as Session, clock);
}

function keep({ session }: Person, issued: Session, clock: Clock): string {
  const { accessToken, accessUntilMs, refreshToken } = session;
  session.old = { accessToken, accessUntilMs, refreshToken };
  Object.assign(session, tokensOf(issued, clock));
  return session.accessToken;
}
