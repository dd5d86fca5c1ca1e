import { isEnumType, isListType, isNonNullType, isObjectType, isScalarType, type GraphQLField } from 'graphql';
import type { GraphQLObjectType, GraphQLOutputType } from 'graphql';

/**
 * Every field of `type` that needs no arguments, as deep as `depth` objects: `{ id title customer { id … } }`.
 * @param leftOut names of fields that are not asked for. Default none
 */
export function everythingOf(type: GraphQLObjectType, depth: number, leftOut: readonly string[] = []): string {
  const fields = Object.values(type.getFields()).filter(({ name }) => !leftOut.includes(name));
  const parts = fields.flatMap((field) => partOf(field, depth, leftOut));
  return `{ ${parts.join(' ')} }`;
}

/** Of an object that holds only objects, where no deeper one is asked for. */
const nothing = '{  }';

function partOf(field: GraphQLField<unknown, unknown>, depth: number, leftOut: readonly string[]): readonly string[] {
  const needsArguments = field.args.some(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined);
  if (needsArguments) return [];
  const type = namedTypeOf(field.type);
  if (isScalarType(type) || isEnumType(type)) return [field.name];
  if (!isObjectType(type) || depth === 1) return [];
  const within = everythingOf(type, depth - 1, leftOut);
  return within === nothing ? [] : [`${field.name} ${within}`];
}

export function namedTypeOf(type: GraphQLOutputType): GraphQLOutputType {
  return isNonNullType(type) || isListType(type) ? namedTypeOf(type.ofType as GraphQLOutputType) : type;
}
