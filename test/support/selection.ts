import { isEnumType, isListType, isNonNullType, isObjectType, isScalarType, type GraphQLField } from 'graphql';
import type { GraphQLObjectType, GraphQLOutputType } from 'graphql';

/** Every field of `type` that needs no arguments, as deep as `depth` objects: `{ id title customer { id … } }`. */
export function everythingOf(type: GraphQLObjectType, depth: number): string {
  const parts = Object.values(type.getFields()).flatMap((field) => partOf(field, depth));
  return `{ ${parts.join(' ')} }`;
}

function partOf(field: GraphQLField<unknown, unknown>, depth: number): readonly string[] {
  const needsArguments = field.args.some(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined);
  if (needsArguments) return [];
  const type = namedTypeOf(field.type);
  if (isScalarType(type) || isEnumType(type)) return [field.name];
  return isObjectType(type) && depth > 1 ? [`${field.name} ${everythingOf(type, depth - 1)}`] : [];
}

export function namedTypeOf(type: GraphQLOutputType): GraphQLOutputType {
  return isNonNullType(type) || isListType(type) ? namedTypeOf(type.ofType as GraphQLOutputType) : type;
}
