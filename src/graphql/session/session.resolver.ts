import {
  Arg,
  Authorized,
  Ctx,
  Field,
  InputType,
  Int,
  Mutation,
  ObjectType,
  registerEnumType,
  Resolver,
} from 'type-graphql';
import { selfServiceRoles, type SelfServiceRole } from '../../modules/users/index.js';
import type { GraphqlContext } from '../context.js';
import { UserType } from '../user/user.type.js';

const SelfServiceRoleEnum = Object.fromEntries(selfServiceRoles.map((role) => [role, role]));
registerEnumType(SelfServiceRoleEnum, { name: 'SelfServiceRole', description: 'What you join the market as.' });

@InputType()
export class SignUpInput {
  @Field(() => String)
  email!: string;

  @Field(() => String, { description: '10 to 128 characters.' })
  password!: string;

  @Field(() => String, { description: '1 to 60 characters; everyone sees it.' })
  displayName!: string;

  @Field(() => String, { nullable: true, description: 'E.164, like +2348012345678.' })
  phone?: string;

  @Field(() => SelfServiceRoleEnum, { defaultValue: 'CUSTOMER' })
  role!: SelfServiceRole;
}

@InputType()
export class SignInInput {
  @Field(() => String)
  email!: string;

  @Field(() => String)
  password!: string;
}

@ObjectType('SessionPayload', { simpleResolvers: true })
export class SessionPayload {
  @Field(() => String, { description: 'Send it as `Authorization: Bearer <accessToken>`.' })
  accessToken!: string;

  @Field(() => String, { description: 'Trade it with `refreshSession` for the next pair; each works once.' })
  refreshToken!: string;

  @Field(() => Int, { description: 'Seconds the access token lives.' })
  expiresIn!: number;

  @Field(() => UserType)
  user!: unknown;
}

@ObjectType('SignOutPayload', { simpleResolvers: true })
export class SignOutPayload {
  @Field(() => Int, { description: 'How many sessions ended.' })
  sessionsEnded!: number;
}

@Resolver()
export class SessionResolver {
  @Mutation(() => SessionPayload, { description: 'Makes an account in this market and signs in.' })
  async signUp(
    @Arg('input', () => SignUpInput) input: SignUpInput,
    @Ctx() { services, viewer, userAgent }: GraphqlContext,
  ) {
    return services.accounts.signUp(viewer.tenantId, input, userAgent);
  }

  @Mutation(() => SessionPayload)
  async signIn(
    @Arg('input', () => SignInInput) { email, password }: SignInInput,
    @Ctx() { services, viewer, userAgent }: GraphqlContext,
  ) {
    return services.accounts.signIn(viewer.tenantId, email, password, userAgent);
  }

  @Mutation(() => SessionPayload, {
    description: 'Trades a refresh token for a new pair. A spent one ends its whole session.',
  })
  async refreshSession(@Arg('refreshToken', () => String) refreshToken: string, @Ctx() { services }: GraphqlContext) {
    return services.accounts.refresh(refreshToken);
  }

  @Authorized()
  @Mutation(() => SignOutPayload)
  async signOut(
    @Arg('everywhere', () => Boolean, { defaultValue: false, description: 'End all your sessions, not only this one.' })
    everywhere: boolean,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { sessionsEnded: await services.accounts.signOut(viewer, { all: everywhere }) };
  }
}
