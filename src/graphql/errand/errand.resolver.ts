import { Arg, Args, Authorized, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { errandListTagsFor, families, tags } from '../../invalidation/index.js';
import { requireUser } from '../../kernel/index.js';
import {
  assertVisible,
  canSeePrivate,
  errandCursor,
  type Errand,
  type HandoverPhase,
} from '../../modules/errands/index.js';
import { canSeeDispute } from '../../modules/disputes/index.js';
import { Cached } from '../caching/cached.js';
import { parseId } from '../common/ids.js';
import { MoneyType, moneyOf } from '../common/money.type.js';
import { toConnection, type Connection } from '../common/relay.js';
import type { GraphqlContext } from '../context.js';
import { DisputeType } from '../dispute/dispute.type.js';
import { EscrowType } from '../escrow/escrow.type.js';
import { Idempotent } from '../idempotency/idempotent.js';
import { UserType } from '../user/user.type.js';
import { ErrandsArgs, MyErrandsArgs, PostErrandInput, ProofInput, UpdateErrandInput } from './errand.input.js';
import {
  ErrandConnectionType,
  ErrandPayload,
  ErrandType,
  GeoPointType,
  HandoverCodePayload,
  HandoverPhaseEnum,
  ProofType,
} from './errand.type.js';

@Resolver(() => ErrandType)
export class ErrandResolver {
  @Query(() => ErrandConnectionType, { description: "The market's errands, all states but DRAFT. No sign-in needed." })
  @Cached<ErrandsArgs, Connection<Errand>>({
    type: 'ERRAND_LIST',
    scope: 'tenant',
    key: (args) => families.errandList(args),
    tags: ({ filter }, { tenantId }) => errandListTagsFor({ tenantId, ...filter }),
  })
  async errands(@Args(() => ErrandsArgs) args: ErrandsArgs, @Ctx() { services, viewer }: GraphqlContext) {
    const page = await services.errands.list(viewer, args);
    return toConnection(page, args.after, errandCursor(args.orderBy));
  }

  @Query(() => ErrandType, { description: 'One errand. A draft is shown to its customer and staff only.' })
  @Cached<{ id: string }, Errand>({
    type: 'ERRAND_DETAIL',
    scope: 'tenant',
    key: ({ id }) => families.errand(parseId('id', id)),
    tags: ({ id }) => [tags.errand(parseId('id', id))],
    remembersAbsence: true,
    authorize: (errand, viewer) => assertVisible(viewer, errand),
  })
  async errand(@Arg('id', () => ID) id: string, @Ctx() { services, viewer }: GraphqlContext) {
    return services.errands.find(viewer.tenantId, parseId('id', id));
  }

  @Authorized()
  @Query(() => ErrandConnectionType, { description: 'Errands you posted or run, newest first, drafts included.' })
  @Cached<MyErrandsArgs, Connection<Errand>>({
    type: 'USER_ERRANDS',
    key: (args, viewer) => families.userErrands(requireUser(viewer).userId, args),
    tags: (_args, viewer) => [tags.userErrands(requireUser(viewer).userId)],
  })
  async myErrands(@Args(() => MyErrandsArgs) args: MyErrandsArgs, @Ctx() { services, viewer }: GraphqlContext) {
    const page = await services.errands.listMine(viewer, args);
    return toConnection(page, args.after, errandCursor('CREATED_DESC'));
  }

  @Authorized()
  @Mutation(() => ErrandPayload, { description: 'Writes down an errand; `publish: true` opens it for offers at once.' })
  @Idempotent()
  async postErrand(
    @Arg('input', () => PostErrandInput) input: PostErrandInput,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { errand: await services.errands.post(viewer, input) };
  }

  @Authorized()
  @Mutation(() => ErrandPayload, {
    description: 'Changes a draft or an open errand of yours. Offers on it lapse: they were made for another errand.',
  })
  @Idempotent()
  async updateErrand(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => UpdateErrandInput) input: UpdateErrandInput,
    @Arg('expectedVersion', () => Int, { nullable: true, description: 'Refuse when the errand has changed since.' })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { errand: await services.errands.update(viewer, parseId('id', id), input, expectedVersion) };
  }

  @Authorized()
  @Mutation(() => ErrandPayload, { description: 'Opens a draft for offers.' })
  @Idempotent()
  async publishErrand(
    @Arg('id', () => ID) id: string,
    @Arg('expectedVersion', () => Int, { nullable: true }) expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { errand: await services.errands.publish(viewer, parseId('id', id), expectedVersion) };
  }

  @Authorized()
  @Mutation(() => ErrandPayload, { description: 'The assigned runner sets off.' })
  @Idempotent()
  async startErrand(
    @Arg('id', () => ID) id: string,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Arg('pickupCode', () => String, {
      nullable: true,
      description: 'Needed where the errand asks for one; five guesses, each counted.',
    })
    pickupCode: string | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { errand: await services.errands.start(viewer, parseId('id', id), expectedVersion, pickupCode) };
  }

  @Authorized()
  @Mutation(() => HandoverCodePayload, {
    description:
      'A new code for who meets your runner. It is told this once, and takes the place of the one before; ask again when it is lost.',
  })
  async issueHandoverCode(
    @Arg('errandId', () => ID) errandId: string,
    @Arg('phase', () => HandoverPhaseEnum) phase: HandoverPhase,
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    const { issued, errand } = await services.handovers.issue(
      viewer,
      parseId('errandId', errandId),
      phase,
      expectedVersion,
    );
    return { ...issued, errand };
  }

  @Authorized()
  @Mutation(() => ErrandPayload, { description: 'The assigned runner shows that the errand is done.' })
  @Idempotent()
  async submitProof(
    @Arg('id', () => ID) id: string,
    @Arg('proofs', () => [ProofInput]) proofs: ProofInput[],
    @Arg('expectedVersion', () => Int, { nullable: true, description: "The errand's version you decided on." })
    expectedVersion: number | undefined,
    @Ctx() { services, viewer }: GraphqlContext,
  ) {
    return { errand: await services.errands.submitProof(viewer, parseId('id', id), proofs, expectedVersion) };
  }

  @FieldResolver(() => MoneyType, { description: 'What the customer would pay the runner.' })
  budget(@Root() errand: Errand) {
    return moneyOf(errand.budget, errand.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What the runner may spend on goods.' })
  goodsBudget(@Root() errand: Errand) {
    return moneyOf(errand.goodsBudget, errand.currency);
  }

  @FieldResolver(() => [HandoverPhaseEnum], { description: 'Where the runner has to give a code.' })
  requiresCodes(@Root() { requiresPickupCode, requiresDropoffCode }: Errand) {
    return [...(requiresPickupCode ? ['PICKUP'] : []), ...(requiresDropoffCode ? ['DROPOFF'] : [])];
  }

  @FieldResolver(() => [ProofType], {
    description: 'What runners showed of it, oldest first. Empty unless you are a party to it, or staff.',
  })
  async proofs(@Root() errand: Errand, @Ctx() { loaders, viewer }: GraphqlContext) {
    if (!canSeePrivate(viewer, errand)) return [];
    const proofs = await loaders.proofsByErrandId.load(errand.id);
    return proofs.map((proof) => ({ ...proof, currency: errand.currency }));
  }

  @FieldResolver(() => UserType)
  async customer(@Root() errand: Errand, @Ctx() { loaders }: GraphqlContext) {
    return loaders.userById.load(errand.customerId);
  }

  @FieldResolver(() => UserType, { nullable: true })
  async runner(@Root() errand: Errand, @Ctx() { loaders }: GraphqlContext) {
    return errand.runnerId && loaders.userById.load(errand.runnerId);
  }

  @FieldResolver(() => Int, { description: 'Offers waiting for an answer.' })
  async offersCount(@Root() errand: Errand, @Ctx() { loaders }: GraphqlContext) {
    return loaders.liveOffersByErrandId.load(errand.id);
  }

  @FieldResolver(() => EscrowType, { nullable: true, description: 'Null unless you are a party to it, or staff.' })
  async escrow(@Root() errand: Errand, @Ctx() { loaders, viewer }: GraphqlContext) {
    return canSeePrivate(viewer, errand) ? loaders.escrowByErrandId.load(errand.id) : null;
  }

  @FieldResolver(() => DisputeType, {
    nullable: true,
    description: 'The newest about it. Null unless you are a party to that, support, an arbiter or an admin.',
  })
  async dispute(@Root() errand: Errand, @Ctx() { loaders, viewer }: GraphqlContext) {
    const dispute = viewer.kind === 'user' ? await loaders.disputeByErrandId.load(errand.id) : null;
    return dispute && canSeeDispute(viewer, dispute) ? dispute : null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'Null unless you are a party to it, or staff.' })
  pickupAddress(@Root() errand: Errand, @Ctx() { viewer }: GraphqlContext) {
    return canSeePrivate(viewer, errand) ? errand.pickupAddress : null;
  }

  @FieldResolver(() => GeoPointType, { nullable: true, description: 'Null unless you are a party to it, or staff.' })
  pickupPoint(@Root() errand: Errand, @Ctx() { viewer }: GraphqlContext) {
    return canSeePrivate(viewer, errand) ? pointOf(errand.pickupLat, errand.pickupLng) : null;
  }

  @FieldResolver(() => String, { nullable: true, description: 'Null unless you are a party to it, or staff.' })
  dropoffAddress(@Root() errand: Errand, @Ctx() { viewer }: GraphqlContext) {
    return canSeePrivate(viewer, errand) ? errand.dropoffAddress : null;
  }

  @FieldResolver(() => GeoPointType, { nullable: true, description: 'Null unless you are a party to it, or staff.' })
  dropoffPoint(@Root() errand: Errand, @Ctx() { viewer }: GraphqlContext) {
    return canSeePrivate(viewer, errand) ? pointOf(errand.dropoffLat, errand.dropoffLng) : null;
  }
}

function pointOf(lat: number | null, lng: number | null): GeoPointType | null {
  return lat === null || lng === null ? null : { lat, lng };
}
