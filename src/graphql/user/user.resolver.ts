import {
  Arg,
  Authorized,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { families, tags } from '../../invalidation/index.js';
import { requireUser, type Role } from '../../kernel/index.js';
import { canSeeContact, visibleRoles, type UserRecord } from '../../modules/users/index.js';
import { Cached } from '../caching/cached.js';
import { parseId } from '../common/ids.js';
import type { GraphqlContext } from '../context.js';
import { GeoPointType } from '../errand/errand.type.js';
import { UpdateProfileInput } from './user.input.js';
import { RoleEnum, UserStatusEnum, UserType } from './user.type.js';

@ObjectType('UserPayload', { simpleResolvers: true })
export class UserPayload {
  @Field(() => UserType)
  user!: unknown;
}

@Resolver(() => UserType)
export class UserResolver {
  @Authorized()
  @Query(() => UserType, { description: 'You.' })
  @Cached<object, UserRecord>({
    type: 'USER_DATA',
    key: (_args, viewer) => families.userData(requireUser(viewer).userId),
    tags: (_args, viewer) => [tags.userData(requireUser(viewer).userId)],
  })
  async me(@Ctx() { services, viewer }: GraphqlContext) {
    return services.users.get(viewer, requireUser(viewer).userId);
  }

  @Authorized()
  @Query(() => UserType, { description: 'Someone of your market.' })
  @Cached<{ id: string }, UserRecord>({
    type: 'USER_PROFILE',
    scope: 'tenant',
    key: ({ id }) => families.userProfile(parseId('id', id)),
    tags: ({ id }) => [tags.userProfile(parseId('id', id)), tags.userData(parseId('id', id))],
    remembersAbsence: true,
  })
  async user(@Arg('id', () => ID) id: string, @Ctx() { services, viewer }: GraphqlContext) {
    return services.users.get(viewer, parseId('id', id));
  }

  @Authorized()
  @Mutation(() => UserPayload, { description: 'Changes what others see of you.' })
  async updateProfile(
    @Arg('input', () => UpdateProfileInput) input: UpdateProfileInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "Your profile's `version`." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { user: await services.users.updateProfile(viewer, { ...input }, expectedVersion) };
  }

  @Authorized('ADMIN')
  @Mutation(() => UserPayload, {
    description: 'Gives someone of your market a role; it counts from their next request on.',
  })
  async grantRole(
    @Arg('userId', () => ID) userId: string,
    @Arg('role', () => RoleEnum) role: Role,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { user: await services.users.grantRole(viewer, parseId('userId', userId), role) };
  }

  @Authorized('ADMIN')
  @Mutation(() => UserPayload, { description: 'Takes a role away; the last admin of a market stays.' })
  async revokeRole(
    @Arg('userId', () => ID) userId: string,
    @Arg('role', () => RoleEnum) role: Role,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { user: await services.users.revokeRole(viewer, parseId('userId', userId), role) };
  }

  @FieldResolver(() => String)
  displayName(@Root() user: UserRecord) {
    return user.profile.displayName;
  }

  @FieldResolver(() => String, { nullable: true })
  bio(@Root() user: UserRecord) {
    return user.profile.bio;
  }

  @FieldResolver(() => String, { nullable: true })
  avatarUrl(@Root() user: UserRecord) {
    return user.profile.avatarUrl;
  }

  @FieldResolver(() => String, { nullable: true })
  homeArea(@Root() user: UserRecord) {
    return user.profile.homeArea;
  }

  @FieldResolver(() => Int, { description: "The profile's version." })
  version(@Root() user: UserRecord) {
    return user.profile.version;
  }

  @FieldResolver(() => [RoleEnum], { description: 'Others see CUSTOMER and RUNNER only.' })
  roles(@Root() user: UserRecord, @Ctx() { viewer }: GraphqlContext) {
    return visibleRoles(viewer, user);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Null unless it is you, or you are staff.' })
  email(@Root() user: UserRecord, @Ctx() { viewer }: GraphqlContext) {
    return canSeeContact(viewer, user.id) ? user.email : null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'E.164. Null unless it is you, or you are staff.' })
  phone(@Root() user: UserRecord, @Ctx() { viewer }: GraphqlContext) {
    return canSeeContact(viewer, user.id) ? user.phone : null;
  }

  @FieldResolver(() => UserStatusEnum, { nullable: true, description: 'Null unless it is you, or you are staff.' })
  status(@Root() user: UserRecord, @Ctx() { viewer }: GraphqlContext) {
    return canSeeContact(viewer, user.id) ? user.status : null;
  }

  @FieldResolver(() => GeoPointType, {
    nullable: true,
    description: 'Where you set off from: for errands near you. Null unless it is you, or you are staff.',
  })
  homePoint(@Root() { id, profile: { homeLat: lat, homeLng: lng } }: UserRecord, @Ctx() { viewer }: GraphqlContext) {
    return canSeeContact(viewer, id) && lat !== null && lng !== null ? { lat, lng } : null;
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'The version of the account, for staff to decide on. Null unless it is you, or you are staff.',
  })
  accountVersion(@Root() user: UserRecord, @Ctx() { viewer }: GraphqlContext) {
    return canSeeContact(viewer, user.id) ? user.version : null;
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'How far their identity is checked, 0 to 3. Null unless it is you, or you are staff.',
  })
  kycTier(@Root() user: UserRecord, @Ctx() { viewer }: GraphqlContext) {
    return canSeeContact(viewer, user.id) ? user.kycTier : null;
  }
}
