import { seesDispute, seesPrivate, sees } from '../model/rules.js';
import { isStaff, type Errand, type Person } from '../model/world.js';
import { anybody, byLabel, type Hand } from './attempt.js';

/** A question, and what may be wrong with its answer: nothing, or one sentence that names it. */
export interface Question {
  readonly label: string;
  readonly by: Person | undefined;
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Codes that it is to be refused with; undefined when it is to be answered. */
  readonly refused: readonly string[] | undefined;
  readonly judge: (data: Data) => string | undefined;
}

type Data = Readonly<Record<string, unknown>>;

/** Somebody looks at something, theirs or not. Undefined when there is nothing to look at yet. */
export function drawQuestion(hand: Hand): Question | undefined {
  const { world, random } = hand;
  if (random.chance(20)) return walletQuestion(hand);
  if (world.errands.length === 0) return undefined;
  const errand = random.pick(random.chance(80) ? world.errands.slice(-60) : world.errands);
  const by = anybody(hand, errand);
  const kinds = [errandQuestion, errandQuestion, offersQuestion, escrowQuestion, disputeQuestion, booksQuestion];
  return random.pick(kinds)(errand, by);
}

function walletQuestion(hand: Hand): Question {
  const by = anybody(hand);
  return {
    label: `myWallet ${byLabel(by)}`,
    by,
    document: '{ myWallet { balance { minor currency } } }',
    variables: {},
    refused: by ? undefined : ['UNAUTHENTICATED'],
    judge: (data) => {
      const { minor, currency } = (data as { myWallet: { balance: { minor: number; currency: string } } }).myWallet
        .balance;
      if (currency !== by!.market.currency) return `${by!.name} has a wallet in ${currency}`;
      return BigInt(minor) === by!.wallet ? undefined : `${by!.name} is shown ${minor} and has ${by!.wallet}`;
    },
  };
}

/** The market of those who are not signed in. */
function seesAtAll(by: Person | undefined, errand: Errand): boolean {
  return by || errand.market.slug === 'lagos' ? sees(by, errand) : false;
}

function errandQuestion(errand: Errand, by: Person | undefined): Question {
  return {
    label: `errand ${errand.name} ${byLabel(by)}`,
    by,
    document:
      'query ($id: ID!) { errand(id: $id) { id state version pickupAddress escrow { id state } dispute { id state } runner { id } } }',
    variables: { id: errand.id },
    refused: seesAtAll(by, errand) ? undefined : ['NOT_FOUND'],
    judge: (data) => {
      const shown = (data as { errand: Data & { escrow: Data | null; dispute: Data | null; runner: Data | null } })
        .errand;
      if (shown['state'] !== errand.state || shown['version'] !== errand.version)
        return `${errand.name} is shown ${String(shown['state'])} ${String(shown['version'])} and is ${errand.state} ${errand.version}`;
      const isPrivate = seesPrivate(by, errand);
      if ((shown['pickupAddress'] !== null) !== isPrivate)
        return `${errand.name} tells ${byLabel(by)} its address, or not`;
      if ((shown.escrow !== null) !== (isPrivate && errand.escrow !== undefined))
        return `${errand.name} tells ${byLabel(by)} of its escrow, or not`;
      if (shown.escrow && shown.escrow['state'] !== errand.escrow?.state)
        return `the escrow of ${errand.name} is shown ${String(shown.escrow['state'])} and is ${errand.escrow?.state}`;
      const seesIt = errand.dispute !== undefined && by !== undefined && seesDispute(by, errand, errand.dispute);
      if ((shown.dispute !== null) !== seesIt) return `${errand.name} tells ${byLabel(by)} of its dispute, or not`;
      return shown.dispute && shown.dispute['state'] !== errand.dispute?.state
        ? `the dispute of ${errand.name} is shown ${String(shown.dispute['state'])} and is ${errand.dispute?.state}`
        : undefined;
    },
  };
}

function offersQuestion(errand: Errand, by: Person | undefined): Question {
  const seesAll = by !== undefined && (by === errand.customer || isStaff(by));
  return {
    label: `offers ${errand.name} ${byLabel(by)}`,
    by,
    document: 'query ($id: ID!) { offers(errandId: $id) { id runner { id } } }',
    variables: { id: errand.id },
    refused: by ? (sees(by, errand) ? undefined : ['NOT_FOUND']) : ['UNAUTHENTICATED'],
    judge: (data) => {
      const shown = (data as { offers: readonly unknown[] }).offers.length;
      const due = errand.offers.filter(({ runner }) => seesAll || runner === by).length;
      return shown === Math.min(due, 100)
        ? undefined
        : `${errand.name} tells ${byLabel(by)} of ${shown} offers, not ${due}`;
    },
  };
}

function escrowQuestion(errand: Errand, by: Person | undefined): Question | undefined {
  const escrow = errand.escrow ?? errand.retired.at(-1);
  if (!escrow) return undefined;
  const isParty = by === errand.customer || by === escrow.runner;
  const isSeen = by !== undefined && by.market === errand.market && (isParty || isStaff(by));
  return {
    label: `escrow of ${errand.name} ${byLabel(by)}`,
    by,
    document: 'query ($id: ID!) { escrow(id: $id) { state released { minor } refunded { minor } } }',
    variables: { id: escrow.id },
    refused: by ? (isSeen ? undefined : ['NOT_FOUND']) : ['UNAUTHENTICATED'],
    judge: (data) => {
      const { state, released, refunded } = (data as { escrow: Shown }).escrow;
      const isSame =
        state === escrow.state &&
        BigInt(released.minor) === escrow.released &&
        BigInt(refunded.minor) === escrow.refunded;
      return isSame
        ? undefined
        : `the escrow of ${errand.name} is shown ${state} and is ${escrow.state}, or its amounts differ`;
    },
  };
}

interface Shown {
  readonly state: string;
  readonly released: { readonly minor: number | string };
  readonly refunded: { readonly minor: number | string };
}

function disputeQuestion(errand: Errand, by: Person | undefined): Question | undefined {
  const { dispute } = errand;
  if (!dispute) return undefined;
  return {
    label: `dispute ${dispute.name} ${byLabel(by)}`,
    by,
    document: 'query ($id: ID!) { dispute(id: $id) { state version reason decisions { id } evidence { id } } }',
    variables: { id: dispute.id },
    refused: by ? (seesDispute(by, errand, dispute) ? undefined : ['NOT_FOUND']) : ['UNAUTHENTICATED'],
    judge: (data) => {
      const { state, version } = (data as { dispute: { state: string; version: number } }).dispute;
      const isSame = state === dispute.state && version === dispute.version;
      return isSame
        ? undefined
        : `${dispute.name} is shown ${state} ${version} and is ${dispute.state} ${dispute.version}`;
    },
  };
}

function booksQuestion({ market }: Errand, by: Person | undefined): Question {
  const mayAsk = by?.role === 'FINANCE' || by?.role === 'ADMIN';
  return {
    label: `trialBalance ${byLabel(by)}`,
    by,
    document:
      'query ($currency: Currency!) { trialBalance(currency: $currency) { debits { minor } credits { minor } } }',
    variables: { currency: by?.market.currency ?? market.currency },
    refused: by ? (mayAsk ? undefined : ['FORBIDDEN']) : ['UNAUTHENTICATED'],
    judge: (data) => {
      const { debits, credits } = (data as { trialBalance: { debits: Sum; credits: Sum } }).trialBalance;
      return BigInt(debits.minor) === BigInt(credits.minor)
        ? undefined
        : `debits are ${debits.minor}, credits ${credits.minor}`;
    },
  };
}

interface Sum {
  readonly minor: number | string;
}
