import { GraphQLDateTime } from 'graphql-scalars';
import { Field, Float, Int, ObjectType } from 'type-graphql';

@ObjectType('CacheCounts', {
  simpleResolvers: true,
  description: 'What reads came to, since this server process started.',
})
export class CacheCountsType {
  @Field(() => String, { description: 'The type or alias counted.' })
  name!: string;

  @Field(() => Float)
  reads!: number;

  @Field(() => Float)
  hits!: number;

  @Field(() => Float)
  misses!: number;

  @Field(() => Float, { description: 'Reads that shared the load of another.' })
  joins!: number;

  @Field(() => Float, { description: 'Reads that went past the cache.' })
  bypasses!: number;

  @Field(() => Float)
  errors!: number;

  @Field(() => Float, { description: 'Hits and joins among all reads, 0 to 1.' })
  hitRatio!: number;
}

@ObjectType('CacheStats', { simpleResolvers: true, description: 'Of the server process that answers.' })
export class CacheStatsType {
  @Field(() => CacheCountsType)
  total!: CacheCountsType;

  @Field(() => Float, { description: 'Invalidations.' })
  bumps!: number;

  @Field(() => [String], { description: 'Types read past the cache for a while, because they showed old data.' })
  demoted!: readonly string[];

  @Field(() => [CacheCountsType])
  aliases!: CacheCountsType[];

  @Field(() => [CacheCountsType])
  types!: CacheCountsType[];
}

@ObjectType('CacheAliasHealth', { simpleResolvers: true })
export class CacheAliasHealthType {
  @Field(() => String)
  alias!: string;

  @Field(() => Boolean)
  ok!: boolean;

  @Field(() => String, { description: 'memory, redis, or null for none.' })
  store!: string;

  @Field(() => String, { description: 'ready, lost, or quarantine: reachable, with hits held back for a moment.' })
  state!: string;

  @Field(() => Float, { description: 'One round trip to the store; 0 when it is lost.' })
  latencyMs!: number;

  @Field(() => String)
  detail!: string;
}

@ObjectType('CacheHealth', { simpleResolvers: true })
export class CacheHealthType {
  @Field(() => Boolean)
  ok!: boolean;

  @Field(() => [CacheAliasHealthType])
  aliases!: CacheAliasHealthType[];
}

@ObjectType('CacheExplanationEntry', { simpleResolvers: true, description: 'What stands in the store under this key.' })
export class CacheExplanationEntryType {
  @Field(() => Float)
  ageMs!: number;

  @Field(() => Float, { description: '0 when it is too old.' })
  ttlLeftMs!: number;

  @Field(() => Float, { description: 'The logical time its load began at.' })
  s0!: number;

  @Field(() => Boolean, { description: 'False: from before the cache was cleared.' })
  isOfThisGeneration!: boolean;

  @Field(() => Int)
  bytes!: number;
}

@ObjectType('CacheExplanationTag', { simpleResolvers: true, description: 'One thing the answer is made of.' })
export class CacheExplanationTagType {
  @Field(() => String)
  tag!: string;

  @Field(() => Float, { description: 'The logical time of its last bump; 0: none known.' })
  seq!: number;

  @Field(() => Int, { description: 'Announced writes that have not ended.' })
  open!: number;

  @Field(() => Boolean, { description: 'Bumped after the load of the entry began.' })
  hasMoved!: boolean;

  @Field(() => GraphQLDateTime, { nullable: true })
  movedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'The write that moved it, by its transaction.' })
  movedBy!: string | null;
}

@ObjectType('CacheExplanation', {
  simpleResolvers: true,
  description: 'What a read would do now. Never holds a value.',
})
export class CacheExplanationType {
  @Field(() => String)
  type!: string;

  @Field(() => String)
  key!: string;

  @Field(() => String)
  tier!: string;

  @Field(() => Boolean)
  wouldHit!: boolean;

  @Field(() => String, { nullable: true })
  reason!: string | null;

  @Field(() => String, { description: 'The cause in words.' })
  why!: string;

  @Field(() => String, { description: 'What a read is never older than.' })
  guarantee!: string;

  @Field(() => Float)
  ttlMs!: number;

  @Field(() => CacheExplanationEntryType, { nullable: true })
  entry!: CacheExplanationEntryType | null;

  @Field(() => [CacheExplanationTagType])
  tags!: CacheExplanationTagType[];
}

@ObjectType('CacheFieldFault', { simpleResolvers: true })
export class CacheFieldFaultType {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;
}

@ObjectType('CacheFieldExplanation', { simpleResolvers: true })
export class CacheFieldExplanationType {
  @Field(() => String, { description: "The field's name in the answer." })
  path!: string;

  @Field(() => String)
  field!: string;

  @Field(() => CacheExplanationType, { nullable: true, description: 'Null for a field that is never cached.' })
  explanation!: CacheExplanationType | null;

  @Field(() => CacheFieldFaultType, { nullable: true, description: 'Why this viewer would not get that far.' })
  error!: CacheFieldFaultType | null;
}

@ObjectType('ClearCachePayload', { simpleResolvers: true })
export class ClearCachePayload {
  @Field(() => String, { description: 'What was cleared, in words.' })
  scope!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'How many entries were removed; null when they were made invalid at one stroke.',
  })
  entries!: number | null;
}

@ObjectType('WarmCacheFailure', { simpleResolvers: true })
export class WarmCacheFailure {
  @Field(() => String)
  step!: string;

  @Field(() => String)
  message!: string;
}

@ObjectType('WarmCachePayload', { simpleResolvers: true })
export class WarmCachePayload {
  @Field(() => Int)
  total!: number;

  @Field(() => Int, { description: 'Loaded and stored now.' })
  loaded!: number;

  @Field(() => Int, { description: 'Were there already.' })
  warm!: number;

  @Field(() => Int, { description: 'Loaded, and not stored: switched off, or no store.' })
  bypassed!: number;

  @Field(() => Int)
  failed!: number;

  @Field(() => [WarmCacheFailure], { description: 'The first 20.' })
  errors!: readonly WarmCacheFailure[];

  @Field(() => Int)
  tookMs!: number;
}
