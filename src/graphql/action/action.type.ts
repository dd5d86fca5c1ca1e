import { GraphQLDateTime } from 'graphql-scalars';
import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { errorCodes, type ErrorCode } from '../../kernel/index.js';
import { accountLabels, offerMoves, type AccountLabel, type OfferMove } from '../../modules/actions/index.js';
import {
  actorsOf,
  offerTransitions,
  termsOf,
  transitionNames,
  transitions,
  type TransitionName,
} from '../../modules/errands/index.js';
import { MoneyType } from '../common/money.type.js';

/** The table's names as GraphQL writes them: `fundFromWallet` is FUND_FROM_WALLET. Values are the table's own. */
export const ErrandTransitionEnum = enumOf(transitionNames);
registerEnumType(ErrandTransitionEnum, {
  name: 'ErrandTransition',
  description: 'Every way an errand can go: one value for each line of the table of transitions.',
  valuesConfig: Object.fromEntries(
    transitionNames.map((name) => [inCapitals(name), { description: describe(name) }] as const),
  ),
});

export const OfferMoveEnum = enumOf(offerMoves);
registerEnumType(OfferMoveEnum, {
  name: 'OfferMove',
  description: 'What people do with an offer.',
  valuesConfig: Object.fromEntries(
    offerMoves.map((name) => [inCapitals(name), { description: offerTransitions[name].description }] as const),
  ),
});

export const ErrorCodeEnum = Object.fromEntries(errorCodes.map((code) => [code, code]));
registerEnumType(ErrorCodeEnum, {
  name: 'ErrorCode',
  description: 'Why something is refused; an error of the API carries the same code in its extensions.',
});

export const AccountLabelEnum = Object.fromEntries(accountLabels.map((label) => [label, label]));
registerEnumType(AccountLabelEnum, {
  name: 'AccountLabel',
  description: 'An account of the ledger, as seen from the errand.',
  valuesConfig: {
    MY_WALLET: { description: 'Your own wallet, whichever side you are on.' },
    CUSTOMER_WALLET: { description: "The customer's wallet, seen by others." },
    RUNNER_WALLET: { description: "The runner's wallet, seen by others." },
    ESCROW_SERVICE: { description: "The escrow's part for the runner: the accepted offer." },
    ESCROW_GOODS: { description: "The escrow's part for purchases." },
    COMMISSION: { description: 'What RunAm keeps of a delivery.' },
    VAT: { description: 'Tax on the commission.' },
    CANCELLATION_FEE: { description: "RunAm's part of the fee for calling off late." },
    OTHER: { description: 'Another account of the house.' },
  } satisfies Record<AccountLabel, { description: string }>,
});

@ObjectType('ActionReason', { simpleResolvers: true, description: 'What the mutation would be refused with now.' })
export class ActionReasonType {
  @Field(() => ErrorCodeEnum, { description: 'The code of the error.' })
  code!: ErrorCode;

  @Field(() => String, { description: 'Its message: what stands against it, and what would be accepted.' })
  message!: string;
}

@ObjectType('ActionPosting', {
  simpleResolvers: true,
  description: 'One booking of the ledger: a debit of `from` and a credit of `to`.',
})
export class ActionPostingType {
  @Field(() => AccountLabelEnum, { description: 'The account that is debited.' })
  from!: AccountLabel;

  @Field(() => AccountLabelEnum, { description: 'The account that is credited.' })
  to!: AccountLabel;

  @Field(() => MoneyType, { description: 'Above 0.' })
  amount!: MoneyType;
}

/** What both kinds of action say. */
@ObjectType()
abstract class ActionType {
  @Field(() => String, { simple: true, description: 'The mutation that does it.' })
  mutation!: string;

  @Field(() => Boolean, {
    simple: true,
    description: 'The mutation would succeed now, given input in which nothing is wrong.',
  })
  enabled!: boolean;

  @Field(() => [ActionReasonType], { simple: true, description: 'Why it would not; empty when it is enabled.' })
  reasons!: ActionReasonType[];

  @Field(() => GraphQLDateTime, {
    nullable: true,
    simple: true,
    description:
      'When the right runs out if nothing else happens: from then on it is refused, or a timer may have taken it. Null when it lasts, or is not given in this state.',
  })
  deadline!: Date | null;

  @Field(() => [ActionPostingType], {
    nullable: true,
    simple: true,
    description:
      'What would be booked, to the minor unit, when the mutation is called now with its defaults. Empty when no money moves; null when it is not enabled, or when what you say decides it.',
  })
  postings!: ActionPostingType[] | null;
}

@ObjectType('ErrandAction', { simpleResolvers: true, description: 'A step of an errand that is yours to take.' })
export class ErrandActionType extends ActionType {
  @Field(() => ErrandTransitionEnum, { description: 'The step.' })
  name!: TransitionName;
}

@ObjectType('OfferAction', { simpleResolvers: true, description: 'What is yours to do with an offer.' })
export class OfferActionType extends ActionType {
  @Field(() => OfferMoveEnum, { description: 'What is done.' })
  name!: OfferMove;
}

function enumOf<Name extends string>(names: readonly Name[]): Readonly<Record<string, Name>> {
  return Object.fromEntries(names.map((name) => [inCapitals(name), name]));
}

function inCapitals(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function describe(name: TransitionName): string {
  const { timer } = termsOf(name);
  const who = actorsOf(transitions[name]).includes('system') ? `By a timer${timer ? `, ${timer.waitsFor}` : ''}. ` : '';
  return `${who}${transitions[name].description}`;
}
