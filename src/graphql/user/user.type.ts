import { GraphQLDateTime } from 'graphql-scalars';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { roles } from '../../kernel/index.js';

export const RoleEnum = Object.fromEntries(roles.map((role) => [role, role]));
registerEnumType(RoleEnum, { name: 'Role', description: 'What a user may do in the market.' });

export const UserStatusEnum = { ACTIVE: 'ACTIVE', SUSPENDED: 'SUSPENDED', CLOSED: 'CLOSED' } as const;
registerEnumType(UserStatusEnum, { name: 'UserStatus' });

@ObjectType('User', {
  simpleResolvers: true,
  description: 'Someone in the market. Contact data is shown to the user and to staff only.',
})
export class UserType {
  @Field(() => ID)
  id!: string;

  @Field(() => GraphQLDateTime, { description: 'When they joined.' })
  createdAt!: Date;
}
