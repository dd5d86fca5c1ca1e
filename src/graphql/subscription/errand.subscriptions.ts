import { GraphQLDateTime } from 'graphql-scalars';
import { Arg, Field, ID, Int, ObjectType, Resolver, Root, Subscription } from 'type-graphql';
import { canSee, canSeePrivate, type Errand } from '../../modules/errands/index.js';
import type { ErrandNews } from '../../modules/news/index.js';
import { parseId } from '../common/ids.js';
import { BigIntScalar } from '../common/scalars.js';
import type { GraphqlContext } from '../context.js';
import { ErrandFilter } from '../errand/errand.input.js';
import { ErrandStateEnum, ErrandType } from '../errand/errand.type.js';
import { streamOfErrands, type Announced, type Subscribing } from './subscriber.js';

@ObjectType('ErrandTransitionNews', {
  simpleResolvers: true,
  description: 'One step of an errand on its road. Those of one errand come in their order, each once.',
})
export class ErrandTransitionType {
  @Field(() => BigIntScalar, { description: 'Grows with each transition of an errand.' })
  seq!: bigint;

  @Field(() => ID)
  errandId!: string;

  @Field(() => String, { description: 'What was done, such as `confirm`.' })
  transition!: string;

  @Field(() => ErrandStateEnum, { nullable: true, description: 'Null when it was just written down.' })
  from!: string | null;

  @Field(() => ErrandStateEnum)
  to!: string;

  @Field(() => Int, { description: 'Of the errand, as this left it.' })
  version!: number;

  @Field(() => GraphQLDateTime)
  at!: Date;

  @Field(() => ErrandType, { description: 'As it is now: never older than this transition, and maybe younger.' })
  errand!: Errand;
}

@Resolver()
export class ErrandSubscriptions {
  @Subscription(() => ErrandType, {
    subscribe: ({ args, context }: Subscribing<{ id: string }>) =>
      streamOfErrand(context, args.id, (_news, errand) => errand),
    description:
      'An errand, after each of its transitions: read when it is sent, so never older than what is announced. Of a dispute only its two parties and staff hear.',
  })
  errandChanged(@Arg('id', () => ID) _id: string, @Root() errand: Errand): Errand {
    return errand;
  }

  @Subscription(() => ErrandTransitionType, {
    subscribe: ({ args, context }: Subscribing<{ id: string }>) =>
      streamOfErrand(context, args.id, (news, errand) => ({ ...news, errand })),
    description: 'Each transition of an errand, in order. Of a dispute only its two parties and staff hear.',
  })
  errandTransitioned(@Arg('id', () => ID) _id: string, @Root() change: ErrandTransitionType): ErrandTransitionType {
    return change;
  }

  @Subscription(() => ErrandType, {
    subscribe: async ({ args, context }: Subscribing<{ filter?: ErrandFilter }>) => {
      const { filter = {} } = args;
      const find = ({ services, viewer }: GraphqlContext, id: string) =>
        services.errands.findListed(viewer, id, filter);
      // Says at once what is wrong with the filter.
      await find(context, noErrand);
      return streamOfErrands(context, ({ transition, errandId }) =>
        transition === 'publish' ? { load: (fresh) => find(fresh, errandId) } : undefined,
      );
    },
    description: 'Errands as they are opened for offers; the filter is that of `errands`. No sign-in needed.',
  })
  errandPosted(
    @Arg('filter', () => ErrandFilter, { nullable: true }) _filter: ErrandFilter | undefined,
    @Root() errand: Errand,
  ): Errand {
    return errand;
  }
}

const noErrand = '00000000-0000-0000-0000-000000000000';

/** Transitions of one errand that the viewer may see. @throws AppError BAD_INPUT, NOT_FOUND */
async function streamOfErrand(
  context: GraphqlContext,
  text: string,
  show: (news: ErrandNews, errand: Errand) => unknown,
) {
  const id = parseId('id', text);
  await context.services.errands.get(context.viewer, id);
  return streamOfErrands(context, (news): Announced | undefined =>
    news.errandId === id
      ? {
          async load(fresh) {
            const errand = await errandAfter(news, fresh);
            return isShown(news, errand, fresh) ? show(news, errand) : undefined;
          },
        }
      : undefined,
  );
}

const reads = new WeakMap<ErrandNews, Promise<Errand>>();

/** Read once for all who hear of the same news, after that was committed: never older than the transition. */
export function errandAfter(news: ErrandNews, { services }: Pick<GraphqlContext, 'services'>): Promise<Errand> {
  const known = reads.get(news);
  if (known) return known;
  const read = services.errands.find(news.tenantId, news.errandId);
  reads.set(news, read);
  // What failed is read anew by whoever asks next.
  read.catch(() => reads.delete(news));
  return read;
}

/** Strangers hear of what the market sees anyway: another state, another offer. What is named to one runner is told to that one. */
function isShown({ transition, from, to, runnerId }: ErrandNews, errand: Errand, { viewer }: GraphqlContext): boolean {
  if (!canSee(viewer, errand)) return false;
  const isConcerned = viewer.kind === 'user' && viewer.userId === runnerId;
  return from !== to || transition === 'placeOffer' || isConcerned || canSeePrivate(viewer, errand);
}
