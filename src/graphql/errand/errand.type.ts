import { GraphQLDateTime } from 'graphql-scalars';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { errandCategories, errandStates, handoverPhases, proofKinds } from '../../modules/errands/index.js';
import { connectionTypeOf } from '../common/relay.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

export const ErrandStateEnum = Object.fromEntries(errandStates.map((state) => [state, state]));
registerEnumType(ErrandStateEnum, {
  name: 'ErrandState',
  description: 'Where an errand stands on its road from draft to done.',
  valuesConfig: {
    DRAFT: { description: 'Only its customer sees it.' },
    OPEN: { description: 'Runners can make offers.' },
    AWAITING_FUNDING: { description: 'An offer is accepted; the customer funds the escrow by `fundBy`.' },
    ASSIGNED: { description: 'The money waits in escrow; the runner may start.' },
    IN_PROGRESS: { description: 'The runner is on the way.' },
    DELIVERED: { description: 'Proof is in; the customer confirms, or the time for it runs out.' },
    DISPUTED: { description: 'The money is frozen until an arbiter decides.' },
    COMPLETED: { description: 'The runner is paid.' },
    CANCELLED: { description: 'Called off; what was in escrow went back.' },
    EXPIRED: { description: 'Nobody took it, or nobody came, in time.' },
  },
});

export const ErrandCategoryEnum = Object.fromEntries(errandCategories.map((category) => [category, category]));
registerEnumType(ErrandCategoryEnum, { name: 'ErrandCategory', description: 'What kind of errand it is.' });

export const ProofKindEnum = Object.fromEntries(proofKinds.map((kind) => [kind, kind]));
registerEnumType(ProofKindEnum, { name: 'ProofKind' });

export const HandoverPhaseEnum = Object.fromEntries(handoverPhases.map((phase) => [phase, phase]));
registerEnumType(HandoverPhaseEnum, {
  name: 'HandoverPhase',
  description: 'Where somebody tells the runner a code.',
  valuesConfig: {
    PICKUP: { description: 'Where the goods are handed to the runner: without the code the errand does not start.' },
    DROPOFF: { description: 'Where the runner hands them over: the code settles the delivery.' },
  },
});

@ObjectType('GeoPoint', { simpleResolvers: true, description: 'A place on earth, WGS 84 degrees.' })
export class GeoPointType {
  @Field(() => Float)
  lat!: number;

  @Field(() => Float)
  lng!: number;
}

@ObjectType('Errand', {
  simpleResolvers: true,
  description: 'Something a customer wants done, and how far it has come.',
})
export class ErrandType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String)
  description!: string;

  @Field(() => ErrandCategoryEnum)
  category!: string;

  @Field(() => String, { description: 'The part of town; the exact addresses are for the two parties.' })
  area!: string;

  @Field(() => ErrandStateEnum)
  state!: string;

  @Field(() => Int, { description: 'Grows by one with every change; pass it as `expectedVersion`.' })
  version!: number;

  @Field(() => Boolean, {
    description: 'The runner is paid for goods against each receipt, before the delivery is settled.',
  })
  goodsInAdvance!: boolean;

  @Field(() => GraphQLDateTime, { nullable: true })
  startBy!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true })
  deliverBy!: Date | null;

  @Field(() => GraphQLDateTime, { description: 'An open errand that nobody took by then expires.' })
  expiresAt!: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Fund the escrow by then, or the errand opens again.' })
  fundBy!: Date | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description:
      'When the runner is paid without a word from the customer; null before the delivery, and where a drop-off code is asked for.',
  })
  autoReleaseAt!: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true })
  publishedAt!: Date | null;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;

  @Field(() => GraphQLDateTime)
  updatedAt!: Date;
}

@ObjectType('Proof', { simpleResolvers: true, description: 'What a runner showed of an errand.' })
export class ProofType {
  @Field(() => ID)
  id!: string;

  @Field(() => ProofKindEnum)
  kind!: string;

  @Field(() => String, { nullable: true, description: 'Where it is stored.' })
  mediaKey!: string | null;

  @Field(() => String, { nullable: true })
  note!: string | null;

  @Field(() => GraphQLDateTime)
  takenAt!: Date;

  @Field(() => GraphQLDateTime)
  createdAt!: Date;
}

export const ErrandConnectionType = connectionTypeOf('Errand', () => ErrandType);

@ObjectType('ErrandPayload', { simpleResolvers: true, description: 'The errand as the mutation left it.' })
export class ErrandPayload extends ReplayablePayload {
  @Field(() => ErrandType)
  errand!: unknown;
}

@ObjectType('HandoverCodePayload', {
  simpleResolvers: true,
  description: 'A code that is told this once: only a hash of it is kept.',
})
export class HandoverCodePayload {
  @Field(() => String, { description: 'Six digits, for whoever meets the runner there.' })
  code!: string;

  @Field(() => HandoverPhaseEnum)
  phase!: string;

  @Field(() => GraphQLDateTime, { description: 'Then another one has to be issued.' })
  expiresAt!: Date;

  @Field(() => ErrandType)
  errand!: unknown;
}
