import { uuidv7, type Role, type UserViewer } from '../../src/kernel/index.js';
import { createWebhookSecrets, createWebhookService } from '../../src/modules/news/index.js';
import {
  createAccountCipher,
  createPayoutAccountService,
  createPayoutService,
} from '../../src/modules/payouts/index.js';
import { createClient } from './graphql-client.js';
import { join, type Person } from './market.js';
import { paymentsOn, startTellingSandbox } from './payments.js';
import { addBank, openPolicy } from './payouts.js';
import { hourMs, startMarket } from './stories.js';
import { startWebhookReceiver } from './webhook-receiver.js';

const payoutKey = Buffer.alloc(32, 7);
const webhookKey = 'a key for webhooks that is long enough';

/** Somebody who signs in, and whom the services know. */
export interface SignedUp extends Person {
  readonly viewer: UserViewer;
}

export type DoomedStage = Awaited<ReturnType<typeof openDoomedStage>>;
export type DoomedGround = Awaited<ReturnType<typeof prepareDoomedStage>>;

/** A market with a payment provider and somebody who takes webhooks, and what a server in a process of its own must be told of them. */
export async function prepareDoomedStage() {
  const market = await startMarket();
  const sandbox = await startTellingSandbox(market.clock);
  const receiver = await startWebhookReceiver();
  const { url: SANDBOX_URL, key: SANDBOX_KEY, webhookSecret: SANDBOX_WEBHOOK_SECRET } = sandbox.server;
  return {
    market,
    sandbox,
    receiver,
    env: {
      SANDBOX_URL,
      SANDBOX_KEY,
      SANDBOX_WEBHOOK_SECRET,
      DEFAULT_TENANT: 'story',
      SEED_DEMO: 'false',
      WORKER: 'none',
      CACHE_ENABLED: 'False',
      ACCESS_TOKEN_TTL: '86400',
      PAYOUT_ENCRYPTION_KEY: `test:${payoutKey.toString('base64')}`,
      PAYOUT_COOL_OFF: '0',
      WEBHOOK_KEY: webhookKey,
    },
    async close() {
      await receiver.close();
      await sandbox.server.close();
      await market.close();
    },
  };
}

/** @param url of a server, for people to sign up at */
export async function openDoomedStage(ground: DoomedGround, url: string) {
  const { market, sandbox, receiver } = ground;
  const { db, clock, tenantId } = market;
  const cipher = createAccountCipher([{ id: 'test', key: payoutKey }]);
  const { provider } = sandbox;
  const admin = await market.addPerson(tenantId, 'ADMIN');
  const secrets = createWebhookSecrets(webhookKey);
  const webhooks = createWebhookService({ db, clock, secrets, reach: { isOpen: true }, giveUpAfterMs: 240 * hourMs });
  await webhooks.create(admin, { url: receiver.url, topics: ['*'] });
  const signUp = async (role: 'CUSTOMER' | 'RUNNER'): Promise<SignedUp> => {
    const person = await join(createClient(url), role);
    const roles: ReadonlySet<Role> = new Set([role]);
    return { ...person, viewer: { kind: 'user', tenantId, userId: person.id, sessionId: uuidv7(), roles } };
  };
  const confirmPassword = async (): Promise<void> => undefined;
  return {
    ...ground,
    customer: await signUp('CUSTOMER'),
    payee: await signUp('RUNNER'),
    payments: paymentsOn(db, clock, provider),
    bankId: await addBank(db, clock),
    accounts: createPayoutAccountService({ db, clock, provider, cipher, coolOffMs: 0 }),
    payouts: createPayoutService({ db, clock, policy: openPolicy, cipher, provider: 'sandbox', confirmPassword }),
  };
}
