import { createHash } from 'node:crypto';
import { uuidOf, type UserViewer } from '../kernel/index.js';
import {
  newErrandRow,
  newOfferRow,
  parseNewErrand,
  patches,
  refundOf,
  type TransitionName,
} from '../modules/errands/index.js';
import {
  cancellationSettlement,
  deliverySettlement,
  heldGoodsSpent,
  newEscrowRow,
  partsOf,
  settledPatch,
  silentSettlement,
  type Settle,
} from '../modules/escrows/index.js';
import { known, moneyFacts, type Stage } from './stage.js';
import type { ErrandStories } from './world.type.js';

export function createErrandStories(stage: Stage): ErrandStories {
  const { cast, rows } = stage;
  const { escrows, offers } = rows;

  function settle(
    errandId: string,
    name: TransitionName,
    who: UserViewer | undefined,
    at: Date,
    decided: Settle,
  ): void {
    const money = stage.moneyOf(errandId);
    const { to } = stage.move(errandId, name, who, at, { facts: moneyFacts(money, decided) });
    const how = to === 'COMPLETED' ? 'delivered' : 'calledOff';
    stage.saveEscrow(money.escrow, settledPatch(money.escrow, decided(money), how), at);
  }

  function voidEscrow(errandId: string, at: Date): void {
    const escrow = escrows.get(errandId);
    if (escrow && escrow.state !== 'VOID') stage.saveEscrow(escrow, { state: 'VOID' }, at);
  }

  return {
    post(name, customer, input, at) {
      const { tenantId, userId } = customer;
      const owner = { id: uuidOf(`demo:errand:${name}`), tenantId, customerId: userId, currency: cast.currency };
      const errand = newErrandRow(parseNewErrand(input, cast.currency, at), owner, at);
      stage.enter(errand, { transition: 'post', from: null, to: 'DRAFT', actorId: userId, actorRole: 'customer', at });
      return errand.id;
    },
    publish(errandId, at) {
      stage.move(errandId, 'publish', stage.customerOf(errandId), at, { patch: patches.publish(at) });
    },
    offer(errandId, runner, amount, message, at) {
      const errand = stage.errandOf(errandId);
      stage.move(errandId, 'placeOffer', runner, at);
      const terms = { id: uuidOf(`demo:offer:${errandId}:${runner.userId}`), runnerId: runner.userId, amount, message };
      const offer = newOfferRow(errand, { ...terms, expiresAt: errand.expiresAt }, at);
      stage.addOffer(offer);
      return offer.id;
    },
    accept(errandId, offerId, at) {
      const errand = stage.errandOf(errandId);
      const offer = known(offers.get(offerId), `offer ${offerId}`);
      const told = { facts: { offer }, patch: patches.acceptOffer(offer, at) };
      stage.move(errandId, 'acceptOffer', stage.customerOf(errandId), at, told);
      offers.set(offerId, { ...offer, state: 'ACCEPTED', version: offer.version + 1, updatedAt: at });
      escrows.set(errandId, newEscrowRow(errand, offer, cast.feePlan.id, uuidOf(`demo:escrow:${errandId}`), at));
    },
    start: (errandId, at) => void stage.move(errandId, 'start', stage.runnerOf(errandId), at),
    deliver(errandId, at) {
      const errand = stage.errandOf(errandId);
      const told = { facts: { proofsCount: 1 }, patch: patches.submitProof(errand, at) };
      stage.move(errandId, 'submitProof', stage.runnerOf(errandId), at, told);
      const row = {
        id: uuidOf(`demo:proof:${errandId}`),
        tenantId: errand.tenantId,
        errandId,
        byUserId: errand.runnerId ?? '',
        sha256: createHash('sha256').update(`photo of ${errandId}`).digest(),
        mediaKey: `proofs/${errandId}/1.jpg`,
      };
      rows.proofs.push({ ...row, kind: 'PHOTO', note: null, amount: null, takenAt: at, createdAt: at });
    },
    confirm(errandId, goodsSpent, at) {
      const { goodsReceipted } = stage.escrowOf(errandId);
      const spent = goodsReceipted > 0n ? goodsReceipted : goodsSpent;
      settle(errandId, 'confirm', stage.customerOf(errandId), at, ({ escrow, feePlan }) =>
        deliverySettlement(feePlan, partsOf(escrow), heldGoodsSpent(escrow, spent)),
      );
    },
    autoRelease(errandId, at) {
      const errand = stage.errandOf(errandId);
      settle(errandId, 'autoRelease', undefined, at, ({ escrow, feePlan }) =>
        silentSettlement(feePlan, escrow, errand),
      );
    },
    cancel(errandId, at) {
      const customer = stage.customerOf(errandId);
      if (stage.errandOf(errandId).state === 'ASSIGNED') {
        settle(errandId, 'cancelAssigned', customer, at, ({ escrow, feePlan }) =>
          cancellationSettlement(feePlan, partsOf(escrow), escrow.fundedAt ?? escrow.createdAt, at),
        );
        return stage.moveOffers(errandId, 'ACCEPTED', 'REJECTED', at);
      }
      stage.move(errandId, 'cancelFree', customer, at, { patch: patches.cancelFree() });
      stage.moveOffers(errandId, 'live', 'REJECTED', at);
      stage.moveOffers(errandId, 'ACCEPTED', 'REJECTED', at);
      voidEscrow(errandId, at);
    },
    fundingTimeout(errandId, at) {
      stage.move(errandId, 'fundingTimeout', undefined, at, { patch: patches.fundingTimeout() });
      stage.moveOffers(errandId, 'ACCEPTED', 'EXPIRED', at);
      voidEscrow(errandId, at);
    },
    expire(errandId, at) {
      stage.move(errandId, 'expire', undefined, at);
      stage.moveOffers(errandId, 'live', 'EXPIRED', at);
    },
    noShow(errandId, at) {
      settle(errandId, 'noShow', undefined, at, ({ escrow }) => refundOf(partsOf(escrow)));
      stage.moveOffers(errandId, 'ACCEPTED', 'EXPIRED', at);
    },
  };
}
