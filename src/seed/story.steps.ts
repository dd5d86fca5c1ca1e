import { createHash } from 'node:crypto';
import { invariant, uuidOf } from '../kernel/index.js';
import { patches, refundOf } from '../modules/errands/index.js';
import {
  milestonePatch,
  milestoneShare,
  partsOf,
  receiptsPatch,
  settledPatch,
  topUpPatch,
} from '../modules/escrows/index.js';
import { known, moneyFacts, type Stage } from './stage.js';
import type { MoneyStories } from './story.money.js';

/** Money in steps, on the way from the start of an errand to its end. */
export interface StepStories {
  /** @param shares of the service part in percent, together 100 */
  agreeMilestones(errandId: string, steps: readonly { title: string; percent: number }[], at: Date): void;
  releaseMilestone(errandId: string, seq: number, at: Date): void;
  /** @param percent of the service part as it is */
  addToEscrow(errandId: string, percent: number, at: Date): void;
  /** @param percent of the goods part; nothing happens where there is none */
  showReceipt(errandId: string, percent: number, note: string, at: Date): void;
  tip(errandId: string, percent: number, at: Date): void;
  /** The runner gives the errand back, and it is open again. */
  drop(errandId: string, reason: string, at: Date): void;
}

export function createStepStories(stage: Stage, { haveInWallet }: MoneyStories): StepStories {
  const { cast, rows } = stage;
  const money = (errandId: string) => moneyFacts(stage.moneyOf(errandId));
  /** In whole price steps, one at least. */
  const part = (whole: bigint, percent: number): bigint => {
    const steps = (whole * BigInt(percent)) / 100n / cast.spec.priceStep;
    return (steps > 0n ? steps : 1n) * cast.spec.priceStep;
  };
  const exactly = 1n;

  return {
    agreeMilestones(errandId, steps, at) {
      const escrow = stage.escrowOf(errandId);
      const { service } = partsOf(escrow);
      const customer = stage.customerOf(errandId);
      stage.move(errandId, 'agreeMilestones', customer, at, { facts: money(errandId), patch: { updatedAt: at } });
      const amounts = steps.slice(0, -1).map(({ percent }) => (service * BigInt(percent)) / 100n);
      const last = service - amounts.reduce((sum, amount) => sum + amount, 0n);
      steps.forEach(({ title }, index) => {
        const seq = index + 1;
        const id = uuidOf(`demo:milestone:${escrow.id}:${seq}`);
        const pending = { state: 'AGREED', commission: null, vat: null, releasedAt: null } as const;
        const amount = amounts[index] ?? last;
        const row = { id, tenantId: escrow.tenantId, escrowId: escrow.id, seq, title, amount, ...pending };
        rows.milestones.set(`${escrow.id}:${seq}`, { ...row, createdAt: at });
      });
      stage.saveEscrow(escrow, {}, at);
    },
    releaseMilestone(errandId, seq, at) {
      const escrow = stage.escrowOf(errandId);
      const key = `${escrow.id}:${seq}`;
      const milestone = known(rows.milestones.get(key), `milestone ${key}`);
      const share = milestoneShare(cast.feePlan, partsOf(escrow), milestone.amount);
      const facts = { ...money(errandId), milestone: { seq, isReleased: milestone.state === 'RELEASED', share } };
      stage.move(errandId, 'releaseMilestone', stage.customerOf(errandId), at, { facts, reason: `milestone ${seq}` });
      const { commission, vat } = share;
      rows.milestones.set(key, { ...milestone, state: 'RELEASED', commission, vat, releasedAt: at });
      stage.saveEscrow(escrow, milestonePatch(escrow, milestone.amount, share), at);
    },
    addToEscrow(errandId, percent, at) {
      const escrow = stage.escrowOf(errandId);
      const topUp = { service: part(escrow.gross - escrow.goods, percent), goods: 0n };
      const customer = stage.customerOf(errandId);
      haveInWallet(customer, topUp.service, exactly, at);
      stage.move(errandId, 'topUpEscrow', customer, at, { facts: { ...money(errandId), topUp } });
      stage.saveEscrow(escrow, topUpPatch(escrow, topUp), at);
    },
    showReceipt(errandId, percent, note, at) {
      const [escrow, errand] = [stage.escrowOf(errandId), stage.errandOf(errandId)];
      const amount = (escrow.goods * BigInt(percent)) / 100n;
      if (amount === 0n) return;
      const count = rows.proofs.filter((proof) => proof.errandId === errandId).length + 1;
      const receipts = { amount, earlier: escrow.goodsReceipted, most: escrow.goods, count };
      const told = { facts: { ...money(errandId), receipts }, patch: { updatedAt: at } };
      stage.move(errandId, 'addReceipts', stage.runnerOf(errandId), at, told);
      rows.proofs.push({
        id: uuidOf(`demo:receipt:${errandId}:${count}`),
        tenantId: errand.tenantId,
        errandId,
        byUserId: escrow.runnerId,
        kind: 'RECEIPT',
        sha256: createHash('sha256').update(`receipt ${count} of ${errandId}`).digest(),
        mediaKey: `receipts/${errandId}/${count}.jpg`,
        note,
        amount,
        takenAt: at,
        createdAt: at,
      });
      stage.saveEscrow(escrow, receiptsPatch(escrow, amount, errand), at);
    },
    tip(errandId, percent, at) {
      const escrow = stage.escrowOf(errandId);
      const most = escrow.gross - escrow.goods;
      const amount = part(most, percent);
      const customer = stage.customerOf(errandId);
      haveInWallet(customer, amount, exactly, at);
      const tip = { amount, earlier: escrow.tips, most, completedAt: stage.endedAt(errandId) ?? null };
      stage.move(errandId, 'tipRunner', customer, at, { facts: { ...money(errandId), tip } });
      stage.saveEscrow(escrow, { tips: escrow.tips + amount }, at);
    },
    drop(errandId, reason, at) {
      const escrow = stage.escrowOf(errandId);
      const told = { facts: money(errandId), patch: patches.runnerDrop(), reason };
      stage.move(errandId, 'runnerDrop', stage.runnerOf(errandId), at, told);
      stage.moveOffers(errandId, 'ACCEPTED', 'WITHDRAWN', at);
      invariant(escrow.released === 0n, `escrow ${escrow.id} is given back and was paid from`);
      stage.saveEscrow(escrow, { ...settledPatch(escrow, refundOf(partsOf(escrow)), 'calledOff'), retiredAt: at }, at);
    },
  };
}
