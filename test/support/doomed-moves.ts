import type { UserViewer } from '../../src/kernel/index.js';
import type { IdempotencyService } from '../../src/modules/idempotency/index.js';
import { hourMs, minuteMs, type StoryMarket, type StoryServices } from './stories.js';

export interface DoomedServer extends StoryServices {
  readonly idempotency: IdempotencyService;
}

/** A move of money, and an errand that waits for it. */
export interface DoomedMove {
  readonly errandId: string;
  /** Who does it, with a key; null for a timer, which is repeated as it is. */
  readonly viewer: UserViewer | null;
  readonly run: (server: StoryServices) => Promise<unknown>;
  /** The errand's state before and after. */
  readonly from: string;
  readonly to: string;
}

const naira = (minor: bigint) => ({ minor, currency: 'NGN' });
const goods = { goodsBudget: naira(900n) };

/** Every move by which money gets into an escrow or out of it, by the name of its transition. */
export const doomedMoves = {
  async fundFromWallet({ tell, wallets, customer }) {
    const { errand, escrow } = await tell.accepted(goods);
    await wallets.topUp(customer, { amountMinor: escrow.gross, currency: 'NGN' });
    const run = ({ escrows }: StoryServices) => escrows.fund(customer, errand.id);
    return { errandId: errand.id, viewer: customer, run, from: 'AWAITING_FUNDING', to: 'ASSIGNED' };
  },
  async confirm({ tell, customer }) {
    const { errand } = await tell.delivered(goods);
    const run = ({ escrows }: StoryServices) => escrows.confirm(customer, errand.id, { goodsSpent: 400n });
    return { errandId: errand.id, viewer: customer, run, from: 'DELIVERED', to: 'COMPLETED' };
  },
  async releaseMilestone({ tell, errands, escrows, customer, runner }) {
    const { errand } = await tell.assigned(goods);
    const steps = [
      { title: 'half of it', amountMinor: 150_000n },
      { title: 'the rest', amountMinor: 300_000n },
    ];
    await escrows.agreeMilestones(customer, errand.id, steps);
    await errands.start(runner, errand.id);
    const run = (server: StoryServices) => server.escrows.releaseMilestone(customer, errand.id, 1);
    return { errandId: errand.id, viewer: customer, run, from: 'IN_PROGRESS', to: 'IN_PROGRESS' };
  },
  async cancelAssigned({ tell, clock, customer }) {
    const { errand } = await tell.assigned(goods);
    clock.forward(20 * minuteMs);
    const run = ({ escrows }: StoryServices) => escrows.cancel(customer, errand.id, 'I found it myself.');
    return { errandId: errand.id, viewer: customer, run, from: 'ASSIGNED', to: 'CANCELLED' };
  },
  async runnerDrop({ tell, runner }) {
    const { errand } = await tell.started(goods);
    const run = ({ escrows }: StoryServices) => escrows.drop(runner, errand.id, 'My car broke down.');
    return { errandId: errand.id, viewer: runner, run, from: 'IN_PROGRESS', to: 'OPEN' };
  },
  async autoRelease({ tell, clock }) {
    const { errand } = await tell.delivered(goods);
    clock.forward(73 * hourMs);
    return { errandId: errand.id, viewer: null, run: fireTimers, from: 'DELIVERED', to: 'COMPLETED' };
  },
  async noShow({ tell, clock }) {
    const { errand } = await tell.assigned({ ...goods, startBy: new Date(clock.now().getTime() + hourMs) });
    clock.forward(3 * hourMs);
    return { errandId: errand.id, viewer: null, run: fireTimers, from: 'ASSIGNED', to: 'EXPIRED' };
  },
  async refundDispute({ tell, clock, disputes, customer, timers }) {
    const { errand, escrow } = await tell.started(goods);
    await disputes.open(customer, errand.id, { reason: 'It never came.', claimMinor: escrow.gross });
    clock.forward(49 * hourMs);
    await timers.fireDue();
    clock.forward(49 * hourMs);
    return { errandId: errand.id, viewer: null, run: fireTimers, from: 'DISPUTED', to: 'CANCELLED' };
  },
} as const satisfies Record<string, (market: StoryMarket) => Promise<DoomedMove>>;

export type DoomedName = keyof typeof doomedMoves;

/** Does it as a client would, with the key where there is one. */
export function doMove(server: DoomedServer, { viewer, errandId, run }: DoomedMove, key: string): Promise<unknown> {
  if (!viewer) return run(server);
  return server.idempotency.once(viewer, { operation: 'doomed', key, request: errandId }, () => run(server));
}

function fireTimers({ timers }: StoryServices): Promise<unknown> {
  return timers.fireDue();
}
