import { GraphQLDateTime } from 'graphql-scalars';
import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import {
  disputeOutcomes,
  disputeStates,
  evidenceKinds,
  type DisputeOutcome,
  type DisputeState,
  type EvidenceKind,
} from '../../modules/disputes/index.js';
import { connectionTypeOf, PageArgs } from '../common/relay.js';
import { BigIntScalar } from '../common/scalars.js';
import { ErrandStateEnum, ErrandType } from '../errand/errand.type.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

export const DisputeStateEnum = Object.fromEntries(disputeStates.map((state) => [state, state]));
registerEnumType(DisputeStateEnum, {
  name: 'DisputeState',
  description: 'Where a dispute stands. Each step has a deadline, `dueAt`, and a rule for when nobody keeps it.',
  valuesConfig: {
    AWAITING_RESPONSE: {
      description: 'The other party has 48 hours to respond; silent, it loses what is claimed.',
    },
    UNDER_REVIEW: {
      description:
        'An arbiter has 72 hours to decide; if none does, the runner is paid when there is proof of delivery, else the customer gets everything back.',
    },
    RESOLVED: { description: 'Decided; either party may appeal for 48 hours, then the decision takes effect.' },
    APPEALED: {
      description: 'Somebody else has 72 hours to decide; if nobody does, the first decision takes effect.',
    },
    FINAL: { description: 'The decision has taken effect: the money has moved.' },
    WITHDRAWN: { description: 'Taken back by who opened it; the errand went on.' },
  },
});

export const DisputeOutcomeEnum = Object.fromEntries(disputeOutcomes.map((outcome) => [outcome, outcome]));
registerEnumType(DisputeOutcomeEnum, {
  name: 'DisputeOutcome',
  valuesConfig: {
    RELEASE: { description: 'The runner is paid as for a delivery.' },
    REFUND: { description: 'The customer gets everything back; nobody pays a fee.' },
    SPLIT: { description: 'Some goes back to the customer, the rest is paid out to the runner, less its fees.' },
  },
});

export const EvidenceKindEnum = Object.fromEntries(evidenceKinds.map((kind) => [kind, kind]));
registerEnumType(EvidenceKindEnum, { name: 'EvidenceKind' });

@ObjectType('Dispute', {
  simpleResolvers: true,
  description:
    "A disagreement about an errand's money, which is frozen until it ends. Only the two parties, support, arbiters and admins see it.",
})
export class DisputeType {
  @Field(() => ID)
  id!: string;

  @Field(() => DisputeStateEnum)
  state!: string;

  @Field(() => ErrandStateEnum, { description: 'Where the errand stood when it was opened.' })
  openedFrom!: string;

  @Field(() => String)
  reason!: string;

  @Field(() => String, { nullable: true, description: 'What the other party says to it.' })
  response!: string | null;

  @Field(() => GraphQLDateTime, { nullable: true })
  respondedAt!: Date | null;

  @Field(() => GraphQLDateTime, { description: 'From then on both sides see all evidence.' })
  respondBy!: Date;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When the rule of its state takes over: see DisputeState. Null once it is over.',
  })
  dueAt!: Date | null;

  @Field(() => String, { nullable: true })
  appealReason!: string | null;

  @Field(() => GraphQLDateTime, { nullable: true })
  appealedAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When the money moved.' })
  settledAt!: Date | null;

  @Field(() => Int)
  version!: number;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;

  @Field(() => GraphQLDateTime)
  updatedAt!: Date;
}

export const DisputeConnectionType = connectionTypeOf('Dispute', () => DisputeType);

@ObjectType('Evidence', { simpleResolvers: true, description: 'What a party shows for itself.' })
export class EvidenceType {
  @Field(() => ID)
  id!: string;

  @Field(() => EvidenceKindEnum)
  kind!: string;

  @Field(() => String, { nullable: true, description: 'Where it is stored.' })
  mediaKey!: string | null;

  @Field(() => String, { nullable: true })
  note!: string | null;

  @Field(() => GraphQLDateTime, {
    description: 'When the other party sees it: once both have shown something, at `respondBy` at the latest.',
  })
  revealedAt!: Date;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;
}

@ObjectType('DisputeDecision', {
  simpleResolvers: true,
  description: 'Who gets the money. The last one that is decided is in force.',
})
export class DisputeDecisionType {
  @Field(() => ID)
  id!: string;

  @Field(() => DisputeOutcomeEnum)
  outcome!: string;

  @Field(() => String)
  reason!: string;

  @Field(() => String, { nullable: true, description: 'The published rule that decided, when nobody did in time.' })
  rule!: string | null;

  @Field(() => GraphQLDateTime)
  proposedAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Null while it waits for a second arbiter.' })
  decidedAt!: Date | null;
}

@ArgsType()
export class DisputesArgs extends PageArgs {
  @Field(() => DisputeStateEnum, { nullable: true })
  state?: DisputeState;
}

@InputType()
export class EvidenceInput {
  @Field(() => EvidenceKindEnum)
  kind!: EvidenceKind;

  @Field(() => String, { description: 'SHA-256 of the evidence, 64 hex digits.' })
  sha256!: string;

  @Field(() => String, { nullable: true, description: 'Where it is stored; up to 300 characters.' })
  mediaKey?: string;

  @Field(() => String, { nullable: true, description: 'Up to 1,000 characters.' })
  note?: string;
}

@InputType()
export class OpenDisputeInput {
  @Field(() => String, { description: '10 to 2,000 characters; the other party sees it at once.' })
  reason!: string;

  @Field(() => BigIntScalar, {
    description: 'Minor units that you want of what the escrow holds: back to you, or released to you before fees.',
  })
  claimMinor!: bigint;

  @Field(() => [EvidenceInput], { nullable: true, description: 'Up to 10.' })
  evidence?: EvidenceInput[];
}

@InputType()
export class RespondToDisputeInput {
  @Field(() => String, { description: 'Up to 2,000 characters.' })
  statement!: string;

  @Field(() => [EvidenceInput], { nullable: true, description: 'Up to 10.' })
  evidence?: EvidenceInput[];
}

@InputType()
export class ProposeResolutionInput {
  @Field(() => DisputeOutcomeEnum)
  outcome!: DisputeOutcome;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'With SPLIT, and only then: minor units that go back to the customer.',
  })
  customerAmountMinor?: bigint;

  @Field(() => String, { description: '10 to 2,000 characters; both parties see it once it is decided.' })
  reason!: string;
}

@ObjectType('DisputePayload', { simpleResolvers: true, description: 'Dispute and errand as the mutation left them.' })
export class DisputePayload extends ReplayablePayload {
  @Field(() => DisputeType)
  dispute!: unknown;

  @Field(() => ErrandType)
  errand!: unknown;
}
