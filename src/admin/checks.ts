import { cacheTypes } from '../invalidation/index.js';
import { badInput } from '../kernel/index.js';
import type { ClearInput } from './types.js';

/**
 * Keys begin with whom they may be shown to (`t:<market>:`, `v:<user>:`, `all:`); who names a family (`errand:*`) means it
 * wherever that begins.
 */
export function patternsOf(pattern: string): readonly string[] {
  return pattern.startsWith('*') ? [pattern] : [pattern, `*:${pattern}`];
}

const limitStandard = 100;
const limitMax = 1000;
const tagsMax = 100;
const patternLengthMax = 400;

/** @throws AppError BAD_INPUT */
export function checkLimit(limit = limitStandard): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= limitMax) return limit;
  throw badInput('limit', `takes a whole number from 1 to ${limitMax}`);
}

/** @throws AppError BAD_INPUT when it names nothing, an unknown type, or what does not go together */
export function checkClear(input: ClearInput): Pick<ClearInput, 'type' | 'tags' | 'pattern'> {
  const { alias, tenant, type, tags, pattern } = input;
  if ([alias, tenant, type, tags, pattern].every((part) => part === undefined))
    throw badInput('input', 'names nothing to clear; takes alias, tenant, type, tags or pattern');
  if (type !== undefined) checkTypes([type]);
  if (tags !== undefined && [alias, tenant, type].some((part) => part !== undefined))
    throw badInput('tags', 'goes alone');
  if (alias !== undefined && type !== undefined)
    throw badInput('type', 'goes with tenant, not with alias: a type stands in one alias');
  if (tags !== undefined && (tags.length === 0 || tags.length > tagsMax || tags.includes('')))
    throw badInput('tags', `takes 1 to ${tagsMax} tags, none of them empty`);
  if (pattern !== undefined) checkPattern(pattern);
  if (pattern !== undefined && (type !== undefined || tags !== undefined))
    throw badInput('pattern', 'goes with alias and tenant, not with type or tags');
  return { type, tags, pattern };
}

/** @throws AppError BAD_INPUT */
export function checkPattern(pattern: string): string {
  if (pattern !== '' && pattern.length <= patternLengthMax) return pattern;
  throw badInput('pattern', `takes a glob of 1 to ${patternLengthMax} characters, such as "errand:*"`);
}

/** @throws AppError BAD_INPUT */
export function checkTypes(types: readonly string[] | undefined): readonly string[] | undefined {
  const known: readonly string[] = cacheTypes;
  const unknown = types?.find((type) => !known.includes(type));
  if (unknown === undefined) return types;
  throw badInput('type', `${JSON.stringify(unknown)} is not a cached type; takes ${cacheTypes.join(', ')}`);
}

export function scopeInWords(scope: ClearInput): string {
  const { alias, tenant, type, tags, pattern } = scope;
  const parts = [
    pattern !== undefined && `keys like ${pattern}`,
    tags && `tags ${tags.join(', ')}`,
    type !== undefined && `type ${type}`,
    alias !== undefined && `alias ${alias}`,
    tenant !== undefined && `market ${tenant}`,
  ].filter((part) => part !== false && part !== undefined);
  return parts.length === 0 ? 'everything' : parts.join(', ');
}
