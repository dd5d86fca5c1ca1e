import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { families, tags } from '../../invalidation/index.js';
import { canSeeDecision, disputeCursor, openerOf, type Dispute } from '../../modules/disputes/index.js';
import { Cached } from '../caching/cached.js';
import { parseId } from '../common/ids.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import { toConnection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { ErrandType } from '../errand/errand.type.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { UserType } from '../user/user.type.js';
import {
  DisputeConnectionType,
  DisputeDecisionType,
  DisputePayload,
  DisputesArgs,
  DisputeType,
  EvidenceInput,
  EvidenceType,
  OpenDisputeInput,
  ProposeResolutionInput,
  RespondToDisputeInput,
} from './dispute.type.js';

@Resolver(() => DisputeType)
export class DisputeResolver {
  @Authorized()
  @Query(() => DisputeType, { description: 'One dispute, to its two parties, support, arbiters and admins.' })
  @Cached<{ id: string }, Dispute>({
    type: 'DISPUTE_DETAIL',
    key: ({ id }) => families.dispute(id.toLowerCase()),
    tags: ({ id }) => [tags.dispute(id.toLowerCase())],
    remembersAbsence: true,
  })
  async dispute(@Arg('id', () => ID) id: string, @Ctx() { services, viewer }: GraphqlContext) {
    return services.disputes.get(viewer, parseId('id', id));
  }

  @Authorized()
  @Query(() => DisputeConnectionType, {
    description: 'Your disputes, newest first; to support, arbiters and admins all of them. Never from a cache.',
  })
  async disputes(@Args(() => DisputesArgs) args: DisputesArgs, @Ctx() { services, viewer }: GraphqlContext) {
    return toConnection(await services.disputes.list(viewer, args), args.after, disputeCursor);
  }

  @Authorized()
  @Mutation(() => DisputePayload, {
    description:
      'Disagree about the money of an errand that is IN_PROGRESS, or DELIVERED and not yet released: it is frozen at once.',
  })
  @Idempotent()
  async openDispute(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('input', () => OpenDisputeInput) input: OpenDisputeInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.disputes.open(viewer, parseId('errandId', errandId), input, expectedVersion);
  }

  @Authorized()
  @Mutation(() => DisputePayload, { description: "The other party's answer; then an arbiter looks at it." })
  @Idempotent()
  async respondToDispute(
    @Arg('disputeId', () => ID) disputeId: string,
    @Arg('input', () => RespondToDisputeInput) input: RespondToDisputeInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The dispute's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.disputes.respond(viewer, parseId('disputeId', disputeId), input, expectedVersion);
  }

  @Authorized()
  @Mutation(() => DisputePayload, { description: 'Shows evidence, up to 20 pieces a party, until it is decided.' })
  @Idempotent()
  async addEvidence(
    @Arg('disputeId', () => ID) disputeId: string,
    @Arg('evidence', () => [EvidenceInput]) evidence: EvidenceInput[],
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The dispute's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.disputes.addEvidence(viewer, parseId('disputeId', disputeId), evidence, expectedVersion);
  }

  @Authorized()
  @Mutation(() => DisputePayload, {
    description: 'Takes a dispute of yours back before it is decided; the errand goes on from where it was.',
  })
  @Idempotent()
  async withdrawDispute(
    @Arg('disputeId', () => ID) disputeId: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The dispute's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.disputes.withdraw(viewer, parseId('disputeId', disputeId), expectedVersion);
  }

  @Authorized('ARBITER', 'ADMIN')
  @Mutation(() => DisputePayload, {
    description: 'Says who gets the money. Of a large escrow, a second arbiter has to approve it.',
  })
  @Idempotent()
  async proposeResolution(
    @Arg('disputeId', () => ID) disputeId: string,
    @Arg('input', () => ProposeResolutionInput) input: ProposeResolutionInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The dispute's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.disputes.propose(viewer, parseId('disputeId', disputeId), input, expectedVersion);
  }

  @Authorized('ARBITER', 'ADMIN')
  @Mutation(() => DisputePayload, { description: "Agrees with another arbiter's proposal; never with one's own." })
  @Idempotent()
  async approveResolution(
    @Arg('disputeId', () => ID) disputeId: string,
    @Arg('decisionId', () => ID, { description: 'The proposal you looked at.' }) decisionId: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The dispute's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.disputes.approve(
      viewer,
      parseId('disputeId', disputeId),
      parseId('decisionId', decisionId),
      expectedVersion,
    );
  }

  @Authorized()
  @Mutation(() => DisputePayload, {
    description: 'Does not accept a decision; once, within 48 hours. Somebody else decides, and that is final.',
  })
  @Idempotent()
  async appealDispute(
    @Arg('disputeId', () => ID) disputeId: string,
    @Arg('reason', () => String, { description: 'Up to 2,000 characters.' }) reason: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The dispute's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return services.disputes.appeal(viewer, parseId('disputeId', disputeId), reason, expectedVersion);
  }

  @FieldResolver(() => MoneyType, { description: 'What who opened it wants of what the escrow holds.' })
  claim(@Root() dispute: Dispute) {
    return moneyOf(dispute.claimAmount, dispute.currency);
  }

  @FieldResolver(() => [EvidenceType], {
    description: "Oldest first: all of your own, and the other party's once it is revealed.",
  })
  async evidence(@Root() dispute: Dispute, @Ctx() { loaders, services, viewer }: GraphqlContext) {
    return services.disputes.evidenceSeenBy(viewer, dispute, await loaders.evidenceByDisputeId.load(dispute.id));
  }

  @FieldResolver(() => [DisputeDecisionType], {
    description: 'Oldest first. What is only proposed is shown to those who decide, not to the parties.',
  })
  async decisions(@Root() dispute: Dispute, @Ctx() { loaders, viewer }: GraphqlContext) {
    const decisions = await loaders.decisionsByDisputeId.load(dispute.id);
    return decisions
      .filter((decision) => canSeeDecision(viewer, dispute, decision))
      .map((decision) => ({ ...decision, currency: dispute.currency }));
  }

  @FieldResolver(() => ErrandType)
  async errand(@Root() dispute: Dispute, @Ctx() { loaders }: GraphqlContext) {
    return loaders.errandById.load(dispute.errandId);
  }

  @FieldResolver(() => UserType)
  async openedBy(@Root() dispute: Dispute, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(openerOf(dispute));
  }

  @FieldResolver(() => UserType)
  async customer(@Root() dispute: Dispute, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(dispute.customerId);
  }

  @FieldResolver(() => UserType)
  async runner(@Root() dispute: Dispute, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(dispute.runnerId);
  }
}
