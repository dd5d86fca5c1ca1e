import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { blockCursor, type UserBlock } from '../../modules/people/index.js';
import { parseId } from '../common/ids.js';
import { PageArgs, toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { UserType } from '../user/user.type.js';
import { BlockedUserConnectionType, BlockedUserType, ClosedAccountPayload, PersonPayload } from './people.type.js';

const accountVersion = { nullable: true, description: 'The `accountVersion` you decided on.' } as const;
const spoken = '1 to 500 characters, for the audit log.';

/** Never from a cache: whom somebody blocks is read when it is asked. */
@Resolver()
export class PeopleResolver {
  @Authorized()
  @Query(() => BlockedUserConnectionType, { description: 'Whom you block, newest first. Only you see it.' })
  async myBlockedUsers(@Args(() => PageArgs) args: PageArgs, @Ctx() { services, viewer }: GraphqlContext) {
    return toConnection(await services.blocks.mine(viewer, args), args.after, blockCursor);
  }

  @Authorized()
  @Mutation(() => PersonPayload, {
    description:
      'From now on neither of you bids on errands of the other, and offers between you that wait for an answer end. Errands under way go on. They are not told.',
  })
  @Idempotent()
  async blockUser(@Arg('userId', () => ID) userId: string, @Ctx() { services, viewer }: GraphqlContext) {
    const { blockedId } = await services.blocks.block(viewer, parseId('userId', userId));
    return { userId: blockedId };
  }

  @Authorized()
  @Mutation(() => PersonPayload, { description: 'Takes a block back. Offers that it ended stay so.' })
  @Idempotent()
  async unblockUser(@Arg('userId', () => ID) userId: string, @Ctx() { services, viewer }: GraphqlContext) {
    const id = parseId('userId', userId);
    await services.blocks.unblock(viewer, id);
    return { userId: id };
  }

  @Authorized()
  @Mutation(() => ClosedAccountPayload, {
    description:
      'Closes your account for good and erases what tells who you are. Refused, with every obstacle, while errands, disputes, payments, payouts, debts or money in the wallet are left.',
  })
  async closeAccount(@Arg('password', () => String) password: string, @Ctx() { services, viewer }: GraphqlContext) {
    return services.closing.close(viewer, password);
  }

  @Authorized('SUPPORT', 'ADMIN')
  @Mutation(() => PersonPayload, {
    description:
      'Ends the sessions of an account, withdraws its live offers and lets nobody sign in to it. Never your own; about staff an admin decides.',
  })
  @Idempotent()
  async suspendUser(
    @Arg('userId', () => ID) userId: string,
    @Arg('reason', () => String, { description: spoken }) reason: string,
    @Arg('expectedVersion', () => Int, accountVersion) expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    const { id } = await services.standing.suspend(viewer, parseId('userId', userId), reason, expectedVersion);
    return { userId: id };
  }

  @Authorized('SUPPORT', 'ADMIN')
  @Mutation(() => PersonPayload, { description: 'Takes a suspension back: they can sign in again.' })
  @Idempotent()
  async reinstateUser(
    @Arg('userId', () => ID) userId: string,
    @Arg('reason', () => String, { description: spoken }) reason: string,
    @Arg('expectedVersion', () => Int, accountVersion) expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    const { id } = await services.standing.reinstate(viewer, parseId('userId', userId), reason, expectedVersion);
    return { userId: id };
  }

  @Authorized('SUPPORT', 'ADMIN')
  @Mutation(() => PersonPayload, {
    description: "Says how far somebody's identity is checked; `offerRules` say what runners need. Never your own.",
  })
  @Idempotent()
  async setVerification(
    @Arg('userId', () => ID) userId: string,
    @Arg('tier', () => Int, { description: '0 (not at all) to 3.' }) tier: number,
    @Arg('note', () => String, { description: spoken }) note: string,
    @Arg('expectedVersion', () => Int, accountVersion) expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    const { id } = await services.standing.verify(viewer, parseId('userId', userId), tier, note, expectedVersion);
    return { userId: id };
  }
}

@Resolver(() => PersonPayload)
export class PersonPayloadResolver {
  @FieldResolver(() => UserType)
  async user(@Root() { userId }: PersonPayload, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(userId);
  }
}

@Resolver(() => BlockedUserType)
export class BlockedUserResolver {
  @FieldResolver(() => UserType, { description: 'Whom.' })
  async user(@Root() { blockedId }: UserBlock, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(blockedId);
  }
}
