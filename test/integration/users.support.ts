import { Client } from 'pg';
import { createDb, type Db, type UserStatus } from '../../src/db/index.js';
import { silentLogger, uuidv7, type Clock, type Role, type UserViewer } from '../../src/kernel/index.js';
import {
  createAccountService,
  createPasswords,
  createTokens,
  createUserService,
  type AccountService,
  type Passwords,
  type SignedIn,
  type Tokens,
  type UserService,
} from '../../src/modules/users/index.js';

export const password = 'runam-demo';
export const start = new Date('2026-03-01T09:00:00.000Z');

/** A clock that stands still until it is moved. */
export interface StillClock extends Clock {
  forwardMs(ms: number): void;
}

export function stillClock(from: Date = start): StillClock {
  let nowMs = from.getTime();
  return {
    now: () => new Date(nowMs),
    forwardMs(ms) {
      nowMs += ms;
    },
  };
}

export interface Office {
  readonly db: Db;
  readonly accounts: AccountService;
  readonly users: UserService;
  readonly tokens: Tokens;
  /** The SQL statements sent since it was last emptied, without the upkeep of change events that runs on behind a commit. */
  readonly statements: string[];
}

export interface OfficeOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly passwords?: Passwords;
}

/** The services over connections of their own, as another server process would have them. */
export function openOffice({ url, clock, passwords = createPasswords() }: OfficeOptions): Office {
  const statements: string[] = [];
  const onStatement = (sql: string) => void (sql.includes('row_change') || statements.push(sql));
  const db = createDb({ url, logger: silentLogger, poolMax: 3, onStatement });
  const tokens = createTokens({ secret: 'a secret of thirty-two bytes or more', accessTtlSeconds: 900, clock });
  return {
    db,
    tokens,
    statements,
    accounts: createAccountService({ db, clock, passwords, tokens }),
    users: createUserService({ db, clock }),
  };
}

export async function addTenant(db: Db, slug: string): Promise<string> {
  const id = uuidv7();
  await db.write(async (tx) => {
    await tx.tenant.createMany({ data: [{ id, slug, name: slug, currency: 'NGN', createdAt: start }] });
  });
  return id;
}

export function person(name: string) {
  return { email: `${name}@runam.test`, password, displayName: name, role: 'CUSTOMER' as const };
}

export async function viewerOfSignIn({ tokens }: Office, { accessToken, user }: SignedIn): Promise<UserViewer> {
  return { kind: 'user', ...(await tokens.verifyAccess(accessToken)), roles: new Set(user.roles) };
}

export async function setStatus(db: Db, userId: string, status: UserStatus): Promise<void> {
  await db.write(async (tx) => {
    await tx.user.updateMany({ where: { id: userId }, data: { status } });
  });
}

export async function addRole(db: Db, user: { id: string; tenantId: string }, role: Role): Promise<void> {
  const grant = { id: uuidv7(), tenantId: user.tenantId, userId: user.id, role, createdAt: start };
  await db.write(async (tx) => {
    await tx.roleGrant.createMany({ data: [grant] });
  });
}

/** Runs `lockSql` in a transaction, waits until `waiters` others queue for what it locked, commits, and so lets them go at once. */
export async function releaseTogether(
  url: string,
  [lockSql, id]: readonly [string, string],
  waiters: number,
  begin: () => void,
): Promise<void> {
  const holder = new Client({ connectionString: url });
  const watcher = new Client({ connectionString: url });
  await Promise.all([holder.connect(), watcher.connect()]);
  try {
    await holder.query('BEGIN');
    await holder.query(lockSql, [id]);
    begin();
    await untilQueued(watcher, waiters);
    await holder.query('COMMIT');
  } finally {
    await Promise.all([holder.end(), watcher.end()]);
  }
}

async function untilQueued(watcher: Client, waiters: number): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const { rows } = await watcher.query<{ queued: number }>(
      `SELECT count(*)::int AS queued FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    const queued = rows[0]?.queued ?? 0;
    if (queued >= waiters) return;
    if (Date.now() > deadline) throw new Error(`only ${queued} of ${waiters} transactions queue for the lock`);
  }
}
