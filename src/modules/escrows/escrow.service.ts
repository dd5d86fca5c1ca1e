import { invariant, isUuid, notFound, pageOf, pageRequest, requireUser, uuidv7, type Clock, type Cursor, type Page, type Viewer } from '../../kernel/index.js';
import type { Db, Prisma, Tx } from '../../db/index.js';
import {
  actorOf,
  decide,
  lockErrand,
  lockErrandOfOffer,
  newestFirstCursor,
  patches,
  readOffer,
  saveTransition,
  type Errand,
  type PageArgs,
} from '../errands/index.js';
import { postJournal } from '../ledger/index.js';
import { closeLiveOffers, currentFeePlan, feePlanOf, lockEscrow, saveEscrow } from './escrow.repo.js';
import { assertParty, fundedPatch, journalOf, moneyFactsOf, newEscrowRow, partsOf, settledPatch, type Escrow, type EscrowState } from './escrow.js';
import { cancellationSettlement, deliverySettlement } from './fees.js';

export interface EscrowListArgs extends PageArgs {
  readonly state?: EscrowState | null | undefined;
  readonly states?: readonly EscrowState[] | null | undefined;
}
