import { AppError, invariant, silentLogger, type Clock, type Logger, type UserViewer } from '../../kernel/index.js';
import type { Db } from '../../db/index.js';
import type { ChargeReport, PaymentProvider } from '../providers/index.js';
import { askedFor, type Charge } from './charge.js';
import { saveReport, type SavedReport } from './charge.settle.js';

export interface ChargingDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  /** Takes new charges. Undefined on a server that takes no money in. */
  readonly provider: PaymentProvider | undefined;
  /** Others, whose charges are still looked after. Default none. */
  readonly formerProviders?: readonly PaymentProvider[];
  readonly logger?: Logger;
}

/** What was asked and answered, and how the charge stands now. */
export interface Asked extends SavedReport {
  readonly report: ChargeReport;
}

/** Asks providers, between transactions, so that nothing is locked while they think, and saves what they say. */
export interface Charging {
  /** The one that takes new charges. @throws AppError UNAVAILABLE where none is set up */
  provider(): PaymentProvider;
  /** @throws AppError UNAVAILABLE when it is not set up on this server */
  required(name: string): PaymentProvider;
  /** Has the provider charge, for a charge that is written down already. */
  initiate(charge: Charge, user: Pick<UserViewer, 'userId'>): Promise<Asked>;
  /** Asks how it went. Undefined when its provider is not set up here any more. */
  check(charge: Charge): Promise<Asked | undefined>;
}

export function createCharging(deps: ChargingDeps): Charging {
  const { db, clock, provider, formerProviders = [], logger = silentLogger } = deps;
  const known = new Map([...formerProviders, ...(provider ? [provider] : [])].map((one) => [one.name as string, one]));

  async function save(by: PaymentProvider, seen: Charge, report: ChargeReport): Promise<Asked> {
    const { notFoundHorizonMs } = by;
    const saved = await db.write((tx) => saveReport(tx, seen, report, { now: clock.now(), notFoundHorizonMs }));
    const { id: chargeId, landed, detour } = saved.charge;
    if (saved.booked && detour) logger.warn({ chargeId, landed, detour }, 'a charge came in otherwise than expected');
    return { ...saved, report };
  }

  return {
    provider() {
      if (provider) return provider;
      throw new AppError('UNAVAILABLE', 'No payment provider is set up on this server.');
    },
    required(name) {
      const by = known.get(name);
      if (by) return by;
      throw new AppError('UNAVAILABLE', `The payment provider ${name} is not set up on this server.`);
    },
    async initiate(charge, { userId }) {
      const by = known.get(charge.provider);
      invariant(by, `charge ${charge.id} was written down for ${charge.provider}, which is not set up`);
      const { email } = await db.read.user.findUniqueOrThrow({ where: { id: userId }, select: { email: true } });
      const request = { reference: charge.providerRef, amount: askedFor(charge), email };
      return save(by, charge, await by.initiateCharge(request));
    },
    async check(charge) {
      const by = known.get(charge.provider);
      return by && save(by, charge, await by.chargeOf(charge.providerRef));
    },
  };
}
