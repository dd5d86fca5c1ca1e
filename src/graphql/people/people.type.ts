import { GraphQLDateTime } from 'graphql-scalars';
import { Field, ObjectType } from 'type-graphql';
import { connectionTypeOf } from '../common/relay.js';
import { ReplayablePayload } from '../idempotency/replayable.type.js';

/** The person is read anew, for a replay too: what was known of them is kept nowhere else. */
@ObjectType('PersonPayload', { description: 'Whom it was about, as they are now.' })
export class PersonPayload extends ReplayablePayload {
  userId!: string;
}

@ObjectType('BlockedUser', { simpleResolvers: true, description: 'Somebody whom you block. Nobody else is told.' })
export class BlockedUserType {
  @Field(() => GraphQLDateTime, { description: 'Since when.' })
  createdAt!: Date;
}

export const BlockedUserConnectionType = connectionTypeOf('BlockedUser', () => BlockedUserType);

@ObjectType('ClosedAccountPayload', { simpleResolvers: true })
export class ClosedAccountPayload {
  @Field(() => GraphQLDateTime, { description: 'Your sessions ended with it.' })
  closedAt!: Date;
}
