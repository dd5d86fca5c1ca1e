import { AppError, requireUser, uuidv7, type Clock, type Viewer } from '../../kernel/index.js';
import type { Tx } from '../../db/index.js';
import { lockBidder } from './bidder.repo.js';
import { actorOf, decide } from './decide.js';
import { lockErrandOfOffer, saveTransition } from './errand.repo.js';
import type { Errand, Offer } from './errand.js';
import { refuse } from './faults.js';
import { offerFaults, type NewOffer } from './offer.input.js';
import { newOfferRow, readOffer, saveOffer } from './offer.repo.js';

export interface PriceNamed {
  readonly offerId: string;
  readonly input: NewOffer;
  /** The errand's. */
  readonly expectedVersion?: number | null | undefined;
}

/**
 * Answers a live offer with another price. That is an offer of its own, so whoever says yes to an offer says yes to the price
 * they have seen; the one it answers binds nobody any longer.
 */
export async function namePrice(
  { tx, viewer, clock }: { readonly tx: Tx; readonly viewer: Viewer; readonly clock: Clock },
  name: 'counterOffer' | 'answerCounter',
  { offerId, input, expectedVersion }: PriceNamed,
): Promise<{ readonly offer: Offer; readonly errand: Errand }> {
  const errand = await lockErrandOfOffer(tx, requireUser(viewer).tenantId, offerId);
  const answered = await readOffer(tx, viewer, errand, offerId);
  if (name === 'answerCounter') assertOfRunner(viewer, answered);
  const bidder = name === 'answerCounter' ? await lockBidder(tx, errand, answered.runnerId) : undefined;
  const now = clock.now();
  const named = { offer: answered, price: input.amountMinor, ...(bidder && { bidder }) };
  const decision = decide(name, { errand, ...named, expectedVersion }, actorOf(viewer, errand), now);
  refuse(offerFaults(input, errand, now));
  const terms = {
    id: uuidv7(now.getTime()),
    runnerId: answered.runnerId,
    amount: input.amountMinor,
    message: input.message?.trim() || null,
    expiresAt: input.expiresAt ?? answered.expiresAt,
  };
  await saveOffer(tx, answered, 'SUPERSEDED', now);
  const offer = await tx.offer.create({ data: newOfferRow(errand, terms, now, answered) });
  return { offer, errand: await saveTransition(tx, errand, decision, {}, undefined, answered.runnerId) };
}

/** A price that a customer names is for one runner to answer. @throws AppError FORBIDDEN */
export function assertOfRunner(viewer: Viewer, { runnerId }: Pick<Offer, 'runnerId'>): void {
  if (requireUser(viewer).userId === runnerId) return;
  throw new AppError('FORBIDDEN', 'Only the runner whom a counter-offer is made to may answer it.');
}
