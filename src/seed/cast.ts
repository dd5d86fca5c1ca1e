import type { Prisma } from '../db/index.js';
import { uuidOf, type Currency, type Role, type UserViewer } from '../kernel/index.js';
import { demoFees, type MarketSpec } from './catalogue.js';
import type { Random } from './random.js';

/** A demo market with its people, before anything has happened. */
export interface Cast {
  readonly spec: MarketSpec;
  readonly tenant: Prisma.TenantCreateManyInput;
  readonly feePlan: typeof demoFees & { readonly id: string };
  readonly currency: Currency;
  readonly customers: readonly UserViewer[];
  readonly runners: readonly UserViewer[];
  readonly rows: CastRows;
  /** Ada and Bola, who have a story of each kind; undefined in markets without demo logins. */
  readonly ada: UserViewer | undefined;
  readonly bola: UserViewer | undefined;
}

export interface CastRows {
  readonly users: Prisma.UserCreateManyInput[];
  readonly profiles: Prisma.UserProfileCreateManyInput[];
  readonly roleGrants: Prisma.RoleGrantCreateManyInput[];
  readonly feePlans: Prisma.FeePlanCreateManyInput[];
}

interface Person {
  readonly email: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  readonly homeArea: string | null;
  readonly createdAt: Date;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Draws up a market: staff, and of its other people three customers for every two runners, one in ten both. */
export function castMarket(spec: MarketSpec, random: Random, startsAt: Date, passwordHash: string): Cast {
  const tenant = tenantOf(spec, startsAt);
  const tenantId = tenant.id;
  const rows: CastRows = { users: [], profiles: [], roleGrants: [], feePlans: [] };
  const enter = (person: Person): UserViewer => addPerson(rows, tenantId, person, passwordHash);
  const [ada, bola] = namedPeople(spec, startsAt).map(enter);
  const crowd = Array.from({ length: spec.users - rows.users.length }, (_, index) =>
    enter(somebody(spec, random, startsAt, index)),
  );
  const everybody = [...(spec.slug === 'lagos' && ada && bola ? [ada, bola] : []), ...crowd];
  const plan = { id: uuidOf(`demo:fee-plan:${spec.slug}`), ...demoFees };
  rows.feePlans.push({ tenantId, name: 'standard', version: 1, createdAt: startsAt, ...plan });
  return {
    spec,
    tenant,
    feePlan: plan,
    currency: spec.currency,
    customers: everybody.filter(({ roles }) => roles.has('CUSTOMER')),
    runners: everybody.filter(({ roles }) => roles.has('RUNNER')),
    rows,
    ada: spec.slug === 'lagos' ? ada : undefined,
    bola: spec.slug === 'lagos' ? bola : undefined,
  };
}

export function tenantOf({ slug, name, currency }: MarketSpec, createdAt: Date): Prisma.TenantCreateManyInput {
  return { id: uuidOf(`demo:tenant:${slug}`), slug, name, currency, createdAt };
}

/** The demo logins; other markets have staff of their own. */
function namedPeople({ slug }: MarketSpec, createdAt: Date): readonly Person[] {
  const person = (email: string, displayName: string, homeArea: string | null, ...roles: Role[]): Person => ({
    email,
    displayName,
    homeArea,
    roles,
    createdAt,
  });
  const staffAt = slug === 'lagos' ? 'runam.test' : `${slug}.runam.test`;
  const staff = [
    person(`admin@${staffAt}`, 'RunAm Admin', null, 'ADMIN'),
    person(`support@${staffAt}`, 'RunAm Support', null, 'SUPPORT'),
  ];
  if (slug !== 'lagos') return staff;
  return [
    person('ada@runam.test', 'Ada Obi', 'Yaba', 'CUSTOMER'),
    person('bola@runam.test', 'Bola Adewale', 'Ikeja', 'RUNNER'),
    ...staff,
  ];
}

function somebody(spec: MarketSpec, random: Random, startsAt: Date, index: number): Person {
  const [first, last] = [random.pick(spec.firstNames), random.pick(spec.lastNames)];
  const roles: readonly Role[] = index % 10 === 9 ? ['CUSTOMER', 'RUNNER'] : index % 5 < 3 ? ['CUSTOMER'] : ['RUNNER'];
  return {
    email: `${first}.${last}.${index + 1}@${spec.slug}.runam.test`.toLowerCase(),
    displayName: `${first} ${last}`,
    roles,
    homeArea: random.pick(spec.areas),
    createdAt: new Date(startsAt.getTime() - random.int(0, 120) * dayMs),
  };
}

function addPerson(rows: CastRows, tenantId: string, person: Person, passwordHash: string): UserViewer {
  const { email, displayName, homeArea, roles, createdAt } = person;
  const userId = uuidOf(`demo:user:${tenantId}:${email}`);
  const stamps = { tenantId, version: 1, createdAt, updatedAt: createdAt };
  rows.users.push({ id: userId, email, passwordHash, status: 'ACTIVE', kycTier: 1, ...stamps });
  rows.profiles.push({ userId, displayName, homeArea, ...stamps });
  for (const role of roles)
    rows.roleGrants.push({ id: uuidOf(`demo:role:${userId}:${role}`), tenantId, userId, role, createdAt });
  return { kind: 'user', tenantId, userId, sessionId: userId, roles: new Set(roles) };
}
