import { createApp, type App } from '../../../src/app.js';
import { loadEnv } from '../../../src/config/index.js';
import { silentLogger, type Clock } from '../../../src/kernel/index.js';
import { disputeTimer } from '../../../src/modules/disputes/index.js';
import { createChargebackService, createTimerService, type TimerService } from '../../../src/modules/escrows/index.js';
import { createIdempotencyService } from '../../../src/modules/idempotency/index.js';
import { createSealer, recoverReceivables } from '../../../src/modules/ledger/index.js';
import { createChargeService, createInboxService } from '../../../src/modules/payments/index.js';
import { createAccountCipher, createPayoutService, createPayoutWorker } from '../../../src/modules/payouts/index.js';
import type { PaymentProvider, Webhook } from '../../../src/modules/providers/index.js';
import { startStatementLink, type CutAt } from '../../support/statement-link.js';

/** The whole server on the virtual clock: real HTTP in front, a real database behind a link that can break. */
export interface House {
  ask(call: Call): Promise<Reply>;
  /** A webhook knocks. @returns the HTTP status; 503 when nobody opens */
  hear(webhook: Webhook): Promise<number>;
  /** One round of each thing that a server does again and again; nothing of it happens by itself here. */
  readonly rounds: Rounds;
  /** Breaks every connection to the database at the nth statement from now on. */
  cutAt(nth: number, at: CutAt): void;
  /** Whether the link broke since the last call; it is whole again afterwards. */
  mend(): boolean;
  /** Ends the process, as far as one inside this one can be ended, and starts another over the same database. */
  restart(): Promise<void>;
  /** Everything the cache holds goes. */
  flushCache(): Promise<void>;
  close(): Promise<void>;
}

export interface Call {
  readonly token: string | undefined;
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Slug, for those who are not signed in. */
  readonly market?: string;
}

export type Reply =
  | { readonly kind: 'data'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** No answer, or one that is none. */
  | { readonly kind: 'lost'; readonly why: string };

export interface Rounds {
  timers(): Promise<Awaited<ReturnType<TimerService['fireDue']>>>;
  recover(): Promise<number>;
  seal(): Promise<number>;
  forget(): Promise<number>;
  /** Payouts taken in hand. */
  payouts(): Promise<number>;
  /** Webhooks followed up. */
  webhooks(): Promise<number>;
  /** Charges asked about that have not ended. */
  charges(): Promise<number>;
  /** All of it and more, as a server does it: the standing jobs one after another. */
  all(): Promise<void>;
}

export interface HouseOptions {
  readonly databaseUrl: string;
  readonly clock: Clock;
  /** What the server needs to know of its provider. */
  readonly env: Readonly<Record<string, string>>;
  /** Whom the workers of payouts speak to. */
  readonly provider: PaymentProvider;
  /** Webhooks as they come to the door. */
  readonly asTold: (webhook: Webhook) => Webhook;
}

/** Longer than any timer of Node may be divided by: rounds are driven by the simulation. */
const neverMs = 100_000_000;
const keyTtlS = 86_400;

export async function startHouse(options: HouseOptions): Promise<House> {
  const link = await startStatementLink(options.databaseUrl);
  const behindLink = { ...options, databaseUrl: link.url };
  let running = await open(behindLink);
  return {
    ask: (call) => ask(running.url, call),
    hear: (webhook) => hear(running.url, options.asTold(webhook)),
    get rounds() {
      return running.rounds;
    },
    cutAt: link.cutAt,
    mend() {
      const wasCut = link.isCut;
      link.mend();
      return wasCut;
    },
    async restart() {
      await running.app.close();
      running = await open(behindLink);
    },
    async flushCache() {
      await running.app.cacheAdmin.clearAll({ name: 'the simulation', tenant: undefined });
    },
    async close() {
      await running.app.close();
      await link.close();
    },
  };
}

async function open({ databaseUrl, clock, env: providerEnv, provider }: HouseOptions) {
  const env = {
    ...providerEnv,
    PORT: '0',
    NODE_ENV: 'test',
    RATE_LIMIT_PER_MINUTE: '0',
    DATABASE_URL: databaseUrl,
    SEED_DEMO: 'false',
    ACCESS_TOKEN_TTL: '86400',
    IDEMPOTENCY_KEY_TTL: String(keyTtlS),
    PAYOUT_ENCRYPTION_KEY: `sim:${Buffer.alloc(32, 7).toString('base64')}`,
    PAYOUT_APPROVAL_ABOVE: 'GHS=100000',
  };
  const jwtSecret = 'a secret for simulations that is long enough';
  const config = loadEnv(env);
  const logger = silentLogger;
  const app = await createApp({ config, databaseUrl, jwtSecret, logger, clock, timersEveryMs: neverMs });
  const cipher = createAccountCipher(config.payouts.keys!);
  const worker = createPayoutWorker({ db: app.db, clock, providers: [provider], cipher });
  const payouts = async (): Promise<number> => (await worker.work()).claimed;
  const rounds = { ...roundsOf(app, clock), ...paymentRoundsOf(app, clock, provider), payouts, all: app.doRounds };
  return { app, url: await app.listen(), rounds };
}

/** On the app's own database, so that its caches hear of what they change. */
function roundsOf({ db }: App, clock: Clock): Pick<Rounds, 'timers' | 'recover' | 'seal' | 'forget'> {
  const timers = createTimerService({ db, clock, more: [disputeTimer] });
  const idempotency = createIdempotencyService({ db, clock, ttlMs: keyTtlS * 1000 });
  const sealer = createSealer({ db, clock });
  return {
    timers: () => timers.fireDue(),
    recover: () => recoverReceivables(db, clock),
    seal: async () => (await sealer.round()).seals,
    forget: () => idempotency.forgetExpired(),
  };
}

/** What follows up webhooks and charges, in the same way as the server's own. */
function paymentRoundsOf({ db }: App, clock: Clock, provider: PaymentProvider): Pick<Rounds, 'webhooks' | 'charges'> {
  const charges = createChargeService({ db, clock, provider });
  const chargebacks = createChargebackService({ db, clock });
  const policy = { approvalAbove: () => 0n, payoutMax: () => 0n, dayMax: () => 0n, nameMatchMin: 0 };
  const confirmPassword = async (): Promise<void> => undefined;
  // Of its use cases only one is asked for here, and that knows no policy.
  const given = { db, clock, policy, cipher: undefined, provider: provider.name, confirmPassword };
  const { noticed } = createPayoutService(given);
  const inbox = createInboxService({ db, clock, charges, chargebacks, transferNoticed: noticed });
  return { webhooks: () => inbox.work(), charges: async () => (await charges.checkDue()).checked };
}

async function hear(url: string, { headers, body }: Webhook): Promise<number> {
  try {
    const response = await fetch(`${url}/webhooks/sandbox`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    // Its server had just ended, or the connection broke: providers take that for no.
    return 503;
  }
}

async function ask(url: string, { token, document, variables, market }: Call): Promise<Reply> {
  const headers = {
    'content-type': 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(market !== undefined && { 'x-runam-tenant': market }),
  };
  const body = JSON.stringify({ query: document, variables });
  try {
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
    const { data, errors } = (await response.json()) as Answer;
    const fault = errors?.[0];
    if (fault) return { kind: 'refused', code: fault.extensions.code, message: fault.message };
    return data ? { kind: 'data', data } : { kind: 'lost', why: `neither data nor errors, HTTP ${response.status}` };
  } catch (error) {
    return { kind: 'lost', why: String(error) };
  }
}

interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}
