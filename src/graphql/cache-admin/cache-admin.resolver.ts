import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Authorized, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { FieldExplanation, Ratios } from '../../admin/index.js';
import type { Explanation } from '../../cache/index.js';
import { badInput } from '../../kernel/index.js';
import type { GraphqlContext } from '../context.js';
import { ClearCacheInput, WarmCacheInput } from './cache-admin.input.js';
import {
  CacheFieldExplanationType,
  CacheHealthType,
  CacheStatsType,
  ClearCachePayload,
  WarmCachePayload,
  type CacheCountsType,
  type CacheExplanationType,
} from './cache-admin.type.js';

const aliasDescription = 'One alias only. Default: all.';

@Resolver()
export class CacheAdminResolver {
  @Authorized('ADMIN')
  @Query(() => CacheStatsType)
  async cacheStats(
    @Arg('alias', () => String, { nullable: true, description: aliasDescription }) alias: string | undefined,
    @Ctx() { cacheAdmin, viewer }: GraphqlContext,
  ): Promise<CacheStatsType> {
    const stats = await cacheAdmin.admin.stats(await cacheAdmin.operatorOf(viewer), { alias });
    return {
      total: { name: 'total', ...stats },
      bumps: stats.bumps,
      demoted: Object.keys(stats.demoted),
      aliases: named(stats.aliases),
      types: named(stats.types),
    };
  }

  @Authorized('ADMIN')
  @Query(() => CacheHealthType)
  async cacheHealth(
    @Arg('alias', () => String, { nullable: true, description: aliasDescription }) alias: string | undefined,
    @Ctx() { cacheAdmin, viewer }: GraphqlContext,
  ): Promise<CacheHealthType> {
    const { ok, aliases } = await cacheAdmin.admin.health(await cacheAdmin.operatorOf(viewer), { alias });
    return { ok, aliases: Object.entries(aliases).map(([name, health]) => ({ alias: name, ...health })) };
  }

  @Authorized('ADMIN')
  @Query(() => [CacheFieldExplanationType], {
    description: 'Would this query hit now, and if not, why: one answer for each field at its top. Nothing of it runs.',
  })
  async cacheExplain(
    @Arg('query', () => String) query: string,
    @Arg('variables', () => GraphQLJSONObject, { nullable: true }) variables: Record<string, unknown> | undefined,
    @Arg('operationName', () => String, { nullable: true }) operationName: string | undefined,
    @Arg('asUser', () => ID, {
      nullable: true,
      description: 'The id of someone of your market, to ask as. Default: you.',
    })
    asUser: string | undefined,
    @Ctx() { cacheAdmin, viewer }: GraphqlContext,
  ): Promise<CacheFieldExplanationType[]> {
    const input = { query, variables, operationName, asUser };
    const { fields } = await cacheAdmin.admin.explain(await cacheAdmin.operatorOf(viewer), input);
    return fields.map(fieldShown);
  }

  @Authorized('ADMIN')
  @Mutation(() => ClearCachePayload, { description: 'Makes entries invalid, in every server process, at once.' })
  async clearCache(
    @Arg('input', () => ClearCacheInput) input: ClearCacheInput,
    @Ctx() { cacheAdmin, viewer }: GraphqlContext,
  ): Promise<ClearCachePayload> {
    const { all, ...parts } = input;
    const scope = withoutNulls(parts);
    const by = await cacheAdmin.operatorOf(viewer);
    if (!all) return cacheAdmin.admin.clear(by, scope);
    if (Object.keys(scope).length > 0) throw badInput('input.all', 'goes alone; to clear a part name the part only');
    return cacheAdmin.admin.clearAll(by);
  }

  @Authorized('ADMIN')
  @Mutation(() => WarmCachePayload, { description: 'Loads what visitors ask first, and answers when that is done.' })
  async warmCache(
    @Arg('input', () => WarmCacheInput, { nullable: true }) input: WarmCacheInput | undefined,
    @Ctx() { cacheAdmin, viewer }: GraphqlContext,
  ): Promise<WarmCachePayload> {
    return cacheAdmin.admin.warm(await cacheAdmin.operatorOf(viewer), withoutNulls({ ...input }));
  }
}

/** Many clients send null for what their user left out. */
function withoutNulls<T extends object>(parts: T): T {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== null && part !== undefined)) as T;
}

function named(counts: Readonly<Record<string, Ratios>>): CacheCountsType[] {
  return Object.entries(counts).map(([name, ratios]) => ({ name, ...ratios }));
}

function fieldShown({ path, field, explanation, error }: FieldExplanation): CacheFieldExplanationType {
  return { path, field, explanation: explanation ? explanationShown(explanation) : null, error: error ?? null };
}

function explanationShown(explanation: Explanation): CacheExplanationType {
  const tags = explanation.tags.map(({ movedAtMs, movedBy, ...tag }) => ({
    ...tag,
    movedAt: movedAtMs === undefined ? null : new Date(movedAtMs),
    movedBy: movedBy ?? null,
  }));
  return { ...explanation, reason: explanation.reason ?? null, entry: explanation.entry ?? null, tags };
}
