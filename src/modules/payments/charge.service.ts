import {
  isUuid,
  notFound,
  pageOf,
  pageRequest,
  requireUser,
  silentLogger,
  uuidv7,
  type Page,
  type Viewer,
} from '../../kernel/index.js';
import type { Prisma, Reader } from '../../db/index.js';
import { namesFaults, newestFirst, refuse, type Errand, type PageArgs } from '../errands/index.js';
import { requireFinance } from '../ledger/index.js';
import { assertChargeVisible, chargeStates, type Charge, type ChargeState } from './charge.js';
import { dueCharges } from './charge.due.js';
import { noteErrandPayment } from './charge.note.js';
import { createCharging, type Charging, type ChargingDeps } from './charging.js';
import { askOnce, outcomeUnknown } from './wallet.service.js';

export interface ErrandPayment {
  readonly charge: Charge;
  /** As the payment left it. */
  readonly errand: Errand;
  /** This call began nothing and booked nothing. */
  readonly isReplay: boolean;
}

export interface PayForErrandOptions {
  readonly expectedVersion?: number | undefined;
  /** The caller's own; a repeated one is charged once. Default: a new one. */
  readonly reference?: string | undefined;
}

export interface ChargeListArgs extends PageArgs {
  readonly state?: ChargeState | null | undefined;
}

/** One round over charges that have not ended. */
export interface ChargeRound {
  /** Their provider was asked. */
  readonly checked: number;
  /** Of these: they are over now. */
  readonly ended: number;
  /** They could not be saved, or their provider is not set up here; each is logged and comes again. */
  readonly failed: number;
}

/** Payments through a provider. What the provider says decides, whoever asks it: the caller, a webhook's hint or a round. */
export interface ChargeService {
  /**
   * Pays an errand's whole escrow straight from the customer's card or bank (E4b). The errand is funded in the transaction
   * that books the money, when the provider says that exactly this money came and the errand still waits for it; else the
   * money is in the wallet (E4c). With a provider that sends the payer to a page, the charge is PENDING until then.
   * @throws AppError as `EscrowService.fund` but INSUFFICIENT_FUNDS, and as `WalletService.topUp`
   */
  payForErrand(viewer: Viewer, errandId: string, options?: PayForErrandOptions): Promise<ErrandPayment>;
  /** Asks the provider now. @throws AppError NOT_FOUND, UNAVAILABLE when its provider is not set up any more */
  verify(viewer: Viewer, id: string): Promise<Charge>;
  /** To its payer and to FINANCE. @throws AppError NOT_FOUND */
  get(viewer: Viewer, id: string): Promise<Charge>;
  /** The viewer's own, newest first. */
  list(viewer: Viewer, args: ChargeListArgs): Promise<Page<Charge>>;
  /** What came in another currency than the market's, newest first. @throws AppError FORBIDDEN unless FINANCE */
  inSuspense(viewer: Viewer, args: PageArgs): Promise<Page<Charge>>;
  /**
   * Follows a hint that something became of a charge: asks its provider, unless the money is booked.
   * @returns undefined when there is no such charge
   */
  noticed(provider: string, providerRef: string): Promise<Charge | undefined>;
  /** Asks about charges whose time has come. Safe in any number of processes. @param limit default 50 */
  checkDue(limit?: number): Promise<ChargeRound>;
}

export function createChargeService(deps: ChargingDeps, charging: Charging = createCharging(deps)): ChargeService {
  const { db, clock, logger = silentLogger } = deps;

  async function find(viewer: Viewer, id: string): Promise<Charge> {
    const where = { tenantId: viewer.tenantId, id };
    const charge = isUuid(id) ? await db.read.charge.findFirst({ where }) : null;
    if (!charge) throw notFound('charge', id);
    assertChargeVisible(viewer, charge);
    return charge;
  }

  async function checkOne(charge: Charge): Promise<keyof ChargeRound> {
    try {
      const asked = await charging.check(charge);
      if (!asked) throw new Error(`the provider ${charge.provider} is not set up on this server`);
      return asked.charge.state === 'PENDING' ? 'checked' : 'ended';
    } catch (error) {
      logger.error({ err: error, chargeId: charge.id }, 'a charge could not be checked; it is tried again');
      return 'failed';
    }
  }

  return {
    async payForErrand(viewer, errandId, { expectedVersion, reference: given } = {}) {
      const user = requireUser(viewer);
      const provider = charging.provider().name;
      const reference = given ?? uuidv7(clock.now().getTime());
      const payment = { errandId, expectedVersion };
      const noted = await db.write((tx) => noteErrandPayment({ tx, clock, provider }, user, payment, reference));
      const { charge, isNew } = await askOnce(charging, noted, user, (cause) => {
        logger.error({ err: cause, chargeId: noted.charge.id }, 'it is not known how a payment ended');
        throw outcomeUnknown(reference, given !== undefined, cause);
      });
      const errand = await db.read.errand.findUniqueOrThrow({ where: { id: noted.errand.id } });
      return { charge, errand, isReplay: !isNew };
    },
    async verify(viewer, id) {
      const charge = await find(viewer, id);
      if (charge.state === 'SUCCEEDED') return charge;
      charging.required(charge.provider);
      return (await charging.check(charge))?.charge ?? charge;
    },
    get: find,
    async list(viewer, { state, ...args }) {
      const { tenantId, userId } = requireUser(viewer);
      refuse(namesFaults('state', state ? [state] : [], chargeStates));
      return chargePage(db.read, { tenantId, userId, ...(state && { state }) }, args);
    },
    async inSuspense(viewer, args) {
      const { tenantId } = requireFinance(viewer);
      return chargePage(db.read, { tenantId, landed: 'SUSPENSE' }, args);
    },
    async noticed(provider, providerRef) {
      const where = { provider_providerRef: { provider, providerRef } };
      const charge = await db.read.charge.findUnique({ where });
      if (!charge || charge.state === 'SUCCEEDED') return charge ?? undefined;
      return (await charging.check(charge))?.charge ?? charge;
    },
    async checkDue(limit = chargesPerRound) {
      const round = { checked: 0, ended: 0, failed: 0 };
      for (const charge of await db.write((tx) => dueCharges(tx, clock.now(), limit))) {
        const outcome = await checkOne(charge);
        round[outcome] += 1;
        if (outcome === 'ended') round.checked += 1;
      }
      return round;
    },
  };
}

export const chargesPerRound = 50;

async function chargePage(
  reader: Reader,
  where: Prisma.ChargeWhereInput,
  { first, after }: PageArgs,
): Promise<Page<Charge>> {
  const page = pageRequest(first ?? undefined, after ?? undefined, newestFirst.order);
  const rows = await reader.charge.findMany({
    where: { AND: [where, newestFirst.after(page.after)] },
    orderBy: [...newestFirst.orderBy],
    take: page.first + 1,
  });
  return pageOf(rows, page.first);
}

/** Where a charge stands in a list that is ordered newest first. */
export const chargeCursor = newestFirst.cursor;
