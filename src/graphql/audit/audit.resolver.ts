import { Args, Authorized, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { auditCursor, type AuditEntry } from '../../modules/audit/index.js';
import { toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { UserType } from '../user/user.type.js';
import { AuditConnectionType, AuditEntryType, AuditLogArgs } from './audit.type.js';

@Resolver(() => AuditEntryType)
export class AuditResolver {
  @Authorized('ADMIN')
  @Query(() => AuditConnectionType, { description: 'What staff of your market did, newest first. Never from a cache.' })
  async auditLog(@Args(() => AuditLogArgs) args: AuditLogArgs, @Ctx() { services, viewer }: GraphqlContext) {
    return toConnection(await services.audit.list(viewer, args), args.after, auditCursor);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Who did it.' })
  async actor(@Root() { actorId }: AuditEntry, @Ctx() { loaders }: GraphqlContext) {
    return actorId && loaders.userById.load(actorId);
  }

  @FieldResolver(() => UserType, { nullable: true, description: 'Of an act that takes two people, the other one.' })
  async secondApprover(@Root() { secondApproverId }: AuditEntry, @Ctx() { loaders }: GraphqlContext) {
    return secondApproverId && loaders.userById.load(secondApproverId);
  }
}
