import { Arg, Args, Authorized, Ctx, Query, Resolver } from 'type-graphql';
import { parseCurrency } from '../../kernel/index.js';
import {
  statementCsv,
  statementCursor,
  type AccountStatement,
  type StatementLine,
} from '../../modules/ledger/index.js';
import { CurrencyEnum, moneyOf } from '../common/money.type.js';
import { toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { AccountStatementType, StatementArgs, type StatementLineType } from './statement.type.js';

/** Statements are read from the ledger itself, never from a cache. */
@Resolver()
export class StatementResolver {
  @Authorized()
  @Query(() => AccountStatementType, { description: 'Your own wallet over a period, line by line.' })
  async myStatement(
    @Args(() => StatementArgs) args: StatementArgs,
    @Ctx() { services, viewer }: GraphqlContext,
  ): Promise<AccountStatementType> {
    return statementOf(await services.ledger.myStatement(viewer, args), args.after);
  }

  @Authorized('FINANCE', 'ADMIN')
  @Query(() => AccountStatementType, { description: 'One account of this market over a period, line by line.' })
  async accountStatement(
    @Arg('code', () => String, { description: 'As in the trial balance: "user:{id}:wallet", "revenue:commission".' })
    code: string,
    @Arg('currency', () => CurrencyEnum) currency: string,
    @Args(() => StatementArgs) args: StatementArgs,
    @Ctx() { services, viewer }: GraphqlContext,
  ): Promise<AccountStatementType> {
    const statement = await services.ledger.accountStatement(viewer, code, parseCurrency(currency), args);
    return statementOf(statement, args.after);
  }
}

function statementOf(statement: AccountStatement, after: string | undefined): AccountStatementType {
  const { code, from, to, isFinal, currency, lines } = statement;
  const money = (minor: bigint) => moneyOf(minor, currency);
  const { edges, pageInfo } = toConnection(lines, after ?? undefined, statementCursor);
  return {
    code,
    from,
    to,
    isFinal,
    opening: money(statement.opening),
    closing: money(statement.closing),
    debits: money(statement.debits),
    credits: money(statement.credits),
    lines: { pageInfo, edges: edges.map(({ cursor, node }) => ({ cursor, node: lineOf(node, currency) })) },
    csv: statementCsv(statement, { isFirstPage: (after ?? undefined) === undefined }),
  };
}

function lineOf({ amount, balance, ...line }: StatementLine, currency: string): StatementLineType {
  return { ...line, amount: moneyOf(amount, currency), balance: moneyOf(balance, currency) };
}
