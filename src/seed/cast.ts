import type { FeePlan, Prisma } from '../db/index.js';
import { uuidOf, type Currency, type Role, type UserViewer } from '../kernel/index.js';
import { demoFees, type MarketSpec } from './catalogue.js';
import type { Random } from './random.js';

/** A demo market with its people, before anything has happened. */
export interface Cast {
  readonly spec: MarketSpec;
  readonly tenant: Prisma.TenantCreateManyInput;
  readonly feePlan: FeePlan;
  /** Names this load in references that a provider's book keeps longer than a database. */
  readonly loadedAs: string;
  readonly currency: Currency;
  readonly customers: readonly UserViewer[];
  readonly runners: readonly UserViewer[];
  readonly rows: CastRows;
  readonly staff: Staff;
  /** Ada and Bola, who have a story of each kind; undefined in markets without demo logins. */
  readonly ada: UserViewer | undefined;
  readonly bola: UserViewer | undefined;
}

export interface Staff {
  readonly admin: UserViewer;
  readonly support: UserViewer;
  readonly arbiter: UserViewer;
  readonly finance: UserViewer;
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
  const staff = staffOf(spec, startsAt, enter);
  const [ada, bola] = namedPeople(spec, startsAt).map(enter);
  const crowd = Array.from({ length: spec.users - rows.users.length }, (_, index) =>
    enter(somebody(spec, random, startsAt, index)),
  );
  const everybody = [...(ada && bola ? [ada, bola] : []), ...crowd];
  const id = uuidOf(`demo:fee-plan:${spec.slug}`);
  const feePlan = { id, tenantId, name: 'standard', version: 1, createdAt: startsAt, ...demoFees };
  rows.feePlans.push(feePlan);
  return {
    spec,
    tenant,
    feePlan,
    loadedAs: `${spec.slug}:${startsAt.getTime().toString(36)}`,
    currency: spec.currency,
    customers: everybody.filter(({ roles }) => roles.has('CUSTOMER')),
    runners: everybody.filter(({ roles }) => roles.has('RUNNER')),
    rows,
    staff,
    ada,
    bola,
  };
}

export function tenantOf({ slug, name, currency }: MarketSpec, createdAt: Date): Prisma.TenantCreateManyInput {
  return { id: uuidOf(`demo:tenant:${slug}`), slug, name, currency, createdAt };
}

/** The demo logins beside staff; there are none in other markets. */
function namedPeople({ slug }: MarketSpec, createdAt: Date): readonly Person[] {
  if (slug !== 'lagos') return [];
  const stamps = { createdAt };
  return [
    { email: 'ada@runam.test', displayName: 'Ada Obi', homeArea: 'Yaba', roles: ['CUSTOMER'], ...stamps },
    { email: 'bola@runam.test', displayName: 'Bola Adewale', homeArea: 'Ikeja', roles: ['RUNNER'], ...stamps },
  ];
}

/** Every market has its own, at `runam.test` those of Lagos. */
function staffOf({ slug }: MarketSpec, createdAt: Date, enter: (person: Person) => UserViewer): Staff {
  const staffAt = slug === 'lagos' ? 'runam.test' : `${slug}.runam.test`;
  const member = (name: string, role: Role): UserViewer => {
    const displayName = `RunAm ${name[0]?.toUpperCase()}${name.slice(1)}`;
    return enter({ email: `${name}@${staffAt}`, displayName, homeArea: null, roles: [role], createdAt });
  };
  return {
    admin: member('admin', 'ADMIN'),
    support: member('support', 'SUPPORT'),
    arbiter: member('arbiter', 'ARBITER'),
    finance: member('finance', 'FINANCE'),
  };
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
