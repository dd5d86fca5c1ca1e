import { basisPointsOf, uuidOf, type UserViewer } from '../kernel/index.js';
import { newAuditRow } from '../modules/audit/index.js';
import {
  chargebackJournal,
  chargebackJournalId,
  fundedPatch,
  userBearsPostings,
  type ChargebackBearer,
} from '../modules/escrows/index.js';
import { accounts, transfer } from '../modules/ledger/index.js';
import { receiptJournal } from '../modules/payments/index.js';
import { moneyFacts, type Stage } from './stage.js';

/** Money from outside: charges of the sandbox provider, and what it takes back. */
export interface MoneyStories {
  topUp(user: UserViewer, amount: bigint, at: Date): void;
  /** Has at least so much in the wallet, topped up by whole steps. */
  haveInWallet(user: UserViewer, amount: bigint, step: bigint, at: Date): void;
  /** Tops the wallet up first when it holds too little, by whole `step`s. */
  fund(errandId: string, step: bigint, at: Date): void;
  /** The whole escrow by one payment at the provider. */
  payByCard(errandId: string, at: Date): void;
  /** The provider takes back the newest charge of somebody whose wallet does not hold as much, or of anybody. */
  chargeback(bearer: ChargebackBearer, at: Date): void;
}

type Aim = { readonly purpose: 'WALLET' | 'ERRAND'; readonly errandId: string | null; readonly offerId: string | null };

const provider = 'sandbox';
/** What the sandbox takes of a charge, in basis points. */
const chargeFeeBps = 150;
const toWallet: Aim = { purpose: 'WALLET', errandId: null, offerId: null };

export function createMoneyStories(stage: Stage): MoneyStories {
  const { cast, books, rows } = stage;
  const { currency } = cast;

  function charge({ tenantId, userId }: UserViewer, amount: bigint, aim: Aim, at: Date): void {
    const id = uuidOf(`demo:charge:${cast.loadedAs}:${rows.charges.length + 1}`);
    const fee = basisPointsOf(amount, chargeFeeBps, 'up');
    const asked = { id, tenantId, userId, provider, providerRef: id, amount, currency };
    const arrived = { received: amount, receivedCurrency: currency, fee, landed: aim.purpose };
    rows.charges.push({ ...asked, ...aim, ...arrived, state: 'SUCCEEDED', askedAt: at, createdAt: at, updatedAt: at });
    books.post(receiptJournal(asked, { landed: aim.purpose }, { minor: amount, currency }, fee, at));
    const line = { at: at.toISOString(), reference: id };
    const created = { type: 'charge.created', minor: String(amount), currency, email: 'payer@runam.test', steps: [] };
    rows.bookLines.push({ ...line, ...created, id: uuidOf(`${id}:created`), type: 'charge.created' });
    const succeeded = { type: 'charge.succeeded', minor: String(amount), fee: String(fee) } as const;
    rows.bookLines.push({ ...line, ...succeeded, id: uuidOf(`${id}:succeeded`) });
  }

  function haveInWallet(user: UserViewer, amount: bigint, step: bigint, at: Date): void {
    const short = amount - books.walletOf(user.userId);
    if (short > 0n) charge(user, ((short + step - 1n) / step) * step, toWallet, at);
  }

  function funded(errandId: string, name: 'fundFromWallet' | 'fundFromCharge', at: Date): void {
    const escrow = stage.escrowOf(errandId);
    const who = name === 'fundFromWallet' ? stage.customerOf(errandId) : undefined;
    stage.move(errandId, name, who, at, { facts: moneyFacts(stage.moneyOf(errandId)) });
    stage.moveOffers(errandId, 'live', 'SUPERSEDED', at);
    stage.saveEscrow(escrow, fundedPatch(escrow, at), at);
  }

  return {
    topUp: (user, amount, at) => charge(user, amount, toWallet, at),
    haveInWallet,
    fund(errandId, step, at) {
      haveInWallet(stage.customerOf(errandId), stage.escrowOf(errandId).gross, step, at);
      funded(errandId, 'fundFromWallet', at);
    },
    payByCard(errandId, at) {
      const { acceptedOfferId: offerId } = stage.errandOf(errandId);
      const { gross } = stage.escrowOf(errandId);
      charge(stage.customerOf(errandId), gross, { purpose: 'ERRAND', errandId, offerId }, at);
      funded(errandId, 'fundFromCharge', at);
    },
    chargeback(bearer, at) {
      const named = new Set([cast.ada?.userId, cast.bola?.userId]);
      const owes = ({ userId, amount }: (typeof rows.charges)[number]): boolean =>
        !named.has(userId) && books.walletOf(userId) < BigInt(amount);
      const taken = rows.charges.findLast(owes);
      if (!taken) return;
      const minor = BigInt(taken.amount);
      const back = { provider, providerRef: taken.id, currency, reason: 'The cardholder disputes the payment.' };
      // As the sandbox names it, which is asked what it took back.
      const eventId = uuidOf(`${taken.id}:back`);
      const postings =
        bearer === 'HOUSE'
          ? transfer(accounts.chargebacks(), accounts.pspClearing(provider), minor)
          : userBearsPostings(taken, books.walletOf(taken.userId), minor);
      const id = chargebackJournalId(provider, eventId);
      const reason = `${provider} ${eventId}: ${back.reason}`;
      const booked = { id, actorId: cast.staff.finance.userId, reason, amount: { minor, currency } };
      const journal = chargebackJournal(taken, booked, postings, at);
      books.post(journal);
      const after = { ...back, eventId, amountMinor: minor, bearer, businessRef: journal.businessRef };
      const act = { action: 'recordChargeback', targetId: journal.id, after, reason: back.reason } as const;
      rows.auditEntries.push(newAuditRow(uuidOf(`demo:audit:${journal.id}`), cast.staff.finance, act, at));
      const line = { id: eventId, at: at.toISOString(), reference: taken.id, currency };
      rows.bookLines.push({ ...line, type: 'charge.chargedBack', minor: String(minor), reason: back.reason });
    },
  };
}
