import { invariant } from '../../kernel/index.js';
import { accounts, transfer, type AccountRef, type Posting } from '../ledger/index.js';

/** Who gets an escrow's money, in minor units; the parts sum to what the escrow holds, exactly. */
export interface Settlement {
  readonly runner: bigint;
  readonly commission: bigint;
  readonly vat: bigint;
  readonly cancellation: bigint;
  readonly customer: bigint;
}

/**
 * What a transition needs to know of an errand's money. Service is the accepted offer, goods the budget for purchases, each
 * with what was added to it and without what has gone out already.
 */
export interface MoneyFacts {
  readonly escrowId: string;
  readonly customerId: string;
  readonly runnerId: string;
  readonly service: bigint;
  readonly goods: bigint;
  /** A dispute holds the escrow: nothing flows out. */
  readonly isFrozen: boolean;
  /** Part of it went to the runner already. Default false. */
  readonly hasReleased?: boolean;
  /** Who gets the money; asked only when a transition that empties the escrow happens. */
  readonly settle?: () => Settlement;
}

export const nothing: Settlement = { runner: 0n, commission: 0n, vat: 0n, cancellation: 0n, customer: 0n };

export function settlementTotal({ runner, commission, vat, cancellation, customer }: Settlement): bigint {
  return runner + commission + vat + cancellation + customer;
}

/** From the customer's wallet into the escrow's two parts. */
export function fundingPostings({ customerId, escrowId, service, goods }: MoneyFacts): readonly Posting[] {
  const wallet = accounts.wallet(customerId);
  return [
    ...transfer(wallet, accounts.escrowService(escrowId), service),
    ...transfer(wallet, accounts.escrowGoods(escrowId), goods),
  ];
}

/** Everything back to the customer. */
export function refundOf({ service, goods }: Pick<MoneyFacts, 'service' | 'goods'>): Settlement {
  return { ...nothing, customer: service + goods };
}

export function refundPostings(money: MoneyFacts): readonly Posting[] {
  return settlementPostings({ ...money, settle: () => refundOf(money) });
}

/**
 * Empties the escrow, to the last minor unit: RunAm's parts come out of the service part first, then the runner's, then
 * the customer's, and what the service part cannot bear comes out of the goods part.
 */
export function settlementPostings(money: MoneyFacts): readonly Posting[] {
  const { settle, escrowId, service, goods } = money;
  invariant(settle, `escrow ${escrowId} is settled without saying who gets its money`);
  const settlement = settle();
  invariant(
    settlementTotal(settlement) === service + goods,
    `escrow ${escrowId} is settled for another amount than it holds`,
  );
  const sinks: readonly Flow[] = [
    { account: accounts.commission(), amount: settlement.commission },
    { account: accounts.vat(), amount: settlement.vat },
    { account: accounts.cancellation(), amount: settlement.cancellation },
    { account: accounts.wallet(money.runnerId), amount: settlement.runner },
    { account: accounts.wallet(money.customerId), amount: settlement.customer },
  ];
  const sources: readonly Flow[] = [
    { account: accounts.escrowService(escrowId), amount: service },
    { account: accounts.escrowGoods(escrowId), amount: goods },
  ];
  return pour(sources, sinks);
}

interface Flow {
  readonly account: AccountRef;
  readonly amount: bigint;
}

/** Fills each sink from the first source that still holds something; sources and sinks sum to the same. */
function pour(sources: readonly Flow[], sinks: readonly Flow[]): readonly Posting[] {
  const rest = sources.map(({ account, amount }) => ({ account, left: amount }));
  return sinks.flatMap(({ account, amount }) => {
    let wanted = amount;
    return rest.flatMap((source) => {
      const part = wanted < source.left ? wanted : source.left;
      wanted -= part;
      source.left -= part;
      return transfer(source.account, account, part);
    });
  });
}
