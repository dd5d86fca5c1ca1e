import { Arg, Args, Authorized, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { parseCurrency } from '../../kernel/index.js';
import type { BookedJournal } from '../../modules/ledger/index.js';
import { parseId } from '../common/ids.js';
import { moneyOf } from '../common/money.type.js';
import type { GraphqlContext } from '../context.js';
import {
  AccountBalance,
  BooksArgs,
  ChargebackInput,
  ChargebackPayload,
  Journal,
  ReverseJournalPayload,
  TrialBalance,
} from './ledger.type.js';

/** The books are read from the ledger itself, never from a cache. */
@Resolver()
export class LedgerResolver {
  @Authorized('FINANCE', 'ADMIN')
  @Query(() => AccountBalance, { description: 'One account of this market, now or as it stood.' })
  async accountBalance(
    @Arg('code', () => String) code: string,
    @Args(() => BooksArgs) { currency, asOf, by }: BooksArgs,
    @Ctx() { services, viewer }: GraphqlContext,
  ): Promise<AccountBalance> {
    const balance = await services.ledger.accountBalance(viewer, code, parseCurrency(currency), { asOf, by });
    return { ...rowOf(balance, currency), isFinal: balance.isFinal };
  }

  @Authorized('FINANCE', 'ADMIN')
  @Query(() => TrialBalance, {
    description: 'Every account of this market, now or as it stood; both sides sum to the same.',
  })
  async trialBalance(
    @Args(() => BooksArgs) { currency, asOf, by }: BooksArgs,
    @Ctx() { services, viewer }: GraphqlContext,
  ): Promise<TrialBalance> {
    const { rows, debits, credits, isFinal } = await services.ledger.trialBalance(viewer, parseCurrency(currency), {
      asOf,
      by,
    });
    return {
      isFinal,
      debits: moneyOf(debits, currency),
      credits: moneyOf(credits, currency),
      rows: rows.map((row) => rowOf(row, currency)),
    };
  }

  @Authorized('FINANCE', 'ADMIN')
  @Query(() => Journal, { description: 'One booking with its lines.' })
  async journal(@Arg('id', () => ID) id: string, @Ctx() { services, viewer }: GraphqlContext): Promise<Journal> {
    return journalOf(await services.ledger.journal(viewer, parseId('id', id)));
  }

  @Authorized('FINANCE')
  @Mutation(() => ReverseJournalPayload, {
    description:
      'Takes a booking back by its mirror, once. What an escrow holds moves by its own transitions only; what was spent cannot be taken back.',
  })
  async reverseJournal(
    @Arg('journalId', () => ID) journalId: string,
    @Arg('reason', () => String, { description: '1 to 500 characters; stands in the books with your name.' })
    reason: string,
    @Ctx() { services, viewer }: GraphqlContext,
  ): Promise<ReverseJournalPayload> {
    return { journal: journalOf(await services.ledger.reverse(viewer, parseId('journalId', journalId), reason)) };
  }

  @Authorized('FINANCE')
  @Mutation(() => ChargebackPayload, {
    description:
      'Books that a provider took a charge back, once an event. Errands and who was paid for them stay as they are.',
  })
  async recordChargeback(
    @Arg('input', () => ChargebackInput) input: ChargebackInput,
    @Ctx() { services, viewer }: GraphqlContext,
  ): Promise<ChargebackPayload> {
    const { amount, ...rest } = input;
    const { journal, isReplay } = await services.chargebacks.record(viewer, {
      ...rest,
      amountMinor: amount.minor,
      currency: amount.currency,
    });
    return { journal: journalOf(journal), isReplay };
  }
}

interface Totals {
  readonly code: string;
  readonly type: string;
  readonly debits: bigint;
  readonly credits: bigint;
  readonly balance: bigint;
}

function rowOf({ code, type, debits, credits, balance }: Totals, currency: string) {
  const money = (minor: bigint) => moneyOf(minor, currency);
  return { code, type, debits: money(debits), credits: money(credits), balance: money(balance) };
}

function journalOf({ lines, ...journal }: BookedJournal): Journal {
  return {
    ...journal,
    lines: lines.map(({ account, side, amount, currency }) => ({
      account: account.code,
      side,
      amount: moneyOf(amount, currency),
    })),
  };
}
