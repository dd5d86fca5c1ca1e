import { GraphQLDateTime, GraphQLJSONObject } from 'graphql-scalars';
import { ArgsType, Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';
import {
  adminActionNames,
  adminActions,
  auditTargets,
  type AdminAction,
  type AuditTarget,
} from '../../modules/audit/index.js';
import { connectionTypeOf, PageArgs } from '../common/relay.js';

export const AdminActionEnum = Object.fromEntries(adminActionNames.map((name) => [name, name]));
registerEnumType(AdminActionEnum, {
  name: 'AdminAction',
  description: 'What staff can do, by the mutation that does it.',
  valuesConfig: Object.fromEntries(
    adminActionNames.map((name) => [name, { description: adminActions[name].description }]),
  ),
});

export const AuditTargetEnum = Object.fromEntries(auditTargets.map((name) => [name, name]));
registerEnumType(AuditTargetEnum, { name: 'AuditTarget', description: 'What an act of staff is about.' });

@ObjectType('AuditEntry', {
  simpleResolvers: true,
  description: 'One thing that staff did, written down in the transaction that did it; never changed or deleted.',
})
export class AuditEntryType {
  @Field(() => ID)
  id!: string;

  @Field(() => GraphQLDateTime)
  at!: Date;

  @Field(() => AdminActionEnum)
  action!: string;

  @Field(() => String, { description: 'The role it was done by.' })
  actorRole!: string;

  @Field(() => AuditTargetEnum)
  targetType!: string;

  @Field(() => String, { description: 'The id of what it was done to; of the cache, the scope in words.' })
  targetId!: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'What it changed, as it was. Amounts are text.' })
  before!: unknown;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'The same, as it was then.' })
  after!: unknown;

  @Field(() => String, { nullable: true, description: 'Why, in the words of who did it.' })
  reason!: string | null;

  @Field(() => String, { nullable: true, description: 'The request, as the log of the server names it.' })
  requestId!: string | null;
}

export const AuditConnectionType = connectionTypeOf('AuditEntry', () => AuditEntryType);

@InputType({ description: 'Entries that meet all of what is given.' })
export class AuditFilterInput {
  @Field(() => [AdminActionEnum], { nullable: true, description: 'Any of these.' })
  actions?: AdminAction[] | null;

  @Field(() => ID, { nullable: true, description: 'Who did it, or was the other of the two people it took.' })
  actorId?: string | null;

  @Field(() => AuditTargetEnum, { nullable: true, description: 'What kind of thing it was done to.' })
  target?: AuditTarget | null;

  @Field(() => String, { nullable: true, description: 'The id of what it was done to.' })
  targetId?: string | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'From then on.' })
  from?: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Before then.' })
  to?: Date | null;
}

@ArgsType()
export class AuditLogArgs extends PageArgs {
  @Field(() => AuditFilterInput, { nullable: true, description: 'Default: everything.' })
  filter?: AuditFilterInput;
}
