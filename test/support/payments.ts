import type { Db } from '../../src/db/index.js';
import { silentLogger, type Clock, type UserViewer } from '../../src/kernel/index.js';
import { createChargebackService } from '../../src/modules/escrows/index.js';
import { accounts, type AccountRef } from '../../src/modules/ledger/index.js';
import {
  createChargeService,
  createInboxService,
  createWalletService,
  createWebhookDoor,
  type Charge,
  type TransferNoticed,
} from '../../src/modules/payments/index.js';
import {
  createSandboxProvider,
  createSandboxServer,
  type PaymentProvider,
  type SandboxServer,
} from '../../src/modules/providers/index.js';
import { startMarket } from './stories.js';

/** As it came over the wire. */
export interface SentWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface TellingSandbox {
  readonly server: SandboxServer;
  readonly provider: PaymentProvider;
  /** What it has told since the last call, in order; nothing of it arrives anywhere by itself. */
  told(): readonly SentWebhook[];
}

/** A sandbox with fees whose webhooks go nowhere: the test delivers them as it likes. */
export async function startTellingSandbox(clock: Clock): Promise<TellingSandbox> {
  let sent: SentWebhook[] = [];
  const server = await createSandboxServer({
    clock,
    webhookUrl: 'http://nowhere.invalid',
    webhookPost: async (_url, webhook) => sent.push(webhook) > 0,
  });
  const { url: baseUrl, key: secretKey, webhookSecret } = server;
  return {
    server,
    provider: createSandboxProvider({ baseUrl, secretKey, webhookSecret }),
    told() {
      const all = sent;
      sent = [];
      return all;
    },
  };
}

/** Payments on one database connection pool. */
export function paymentsOn(db: Db, clock: Clock, provider: PaymentProvider, transferNoticed?: TransferNoticed) {
  const deps = { db, clock, provider, logger: silentLogger };
  const charges = createChargeService(deps);
  const chargebacks = createChargebackService({ db, clock });
  const inbox = createInboxService({ db, clock, charges, chargebacks, transferNoticed });
  const door = createWebhookDoor({ db, clock, providers: [provider] });
  return {
    charges,
    chargebacks,
    inbox,
    door,
    wallets: createWalletService(deps),
    /** Knocks at the door with what the sandbox sent. */
    deliver: ({ headers, body }: SentWebhook) => door.receive(provider.name, headers, Buffer.from(body)),
  };
}

/** What a charge says of its money: the same however its news came. */
export function moneyOf({ state, amount, received, receivedCurrency, fee, landed, detour, failure }: Charge) {
  return { state, amount, received, receivedCurrency, fee, landed, detour, failure };
}

export const amountStaysPending = 10_068n;

/** Begins a top-up that waits for its payer. */
export async function beginTopUp(
  { wallets }: Pick<ReturnType<typeof paymentsOn>, 'wallets'>,
  who: UserViewer,
): Promise<Charge> {
  const { charge } = await wallets.topUp(who, { amountMinor: amountStaysPending, currency: 'NGN' });
  return charge;
}

export type PaymentStage = Awaited<ReturnType<typeof openPaymentStage>>;

/** A market with a sandbox that has fees, and what tests of payments for errands keep asking for. */
export async function openPaymentStage() {
  const market = await startMarket();
  const sandbox = await startTellingSandbox(market.clock);
  const payments = paymentsOn(market.db, market.clock, sandbox.provider);
  const { customer, tenantId, ledger, db } = market;
  return {
    market,
    sandbox,
    payments,
    /** An errand whose payment waits for its payer. */
    async begin() {
      const { errand, escrow } = await market.tell.accepted({}, amountStaysPending);
      const { charge } = await payments.charges.payForErrand(customer, errand.id);
      return { errand, escrow, charge };
    },
    held: (account: AccountRef, currency = 'NGN') => ledger.balance(tenantId, currency, account),
    /** What the customer's wallet holds. */
    wallet: () => ledger.balance(tenantId, 'NGN', accounts.wallet(customer.userId)),
    chargeOf: ({ id }: Charge) => payments.charges.get(customer, id),
    stateOf: async (id: string) => (await db.read.errand.findUniqueOrThrow({ where: { id } })).state,
    async close() {
      await sandbox.server.close();
      await market.close();
    },
  };
}
