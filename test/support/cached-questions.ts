import {
  getNamedType,
  isObjectType,
  parse,
  type DocumentNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import { getMetadataStorage } from 'type-graphql';

/** What a question is about. */
export interface QuestionIds {
  readonly userId: string;
  readonly errandId: string;
  readonly escrowId: string;
  readonly disputeId: string;
}

export type Asker = 'anonymous' | 'customer' | 'runner' | 'staff';

export interface Question {
  readonly asker: Asker;
  readonly field: string;
  readonly text: string;
  readonly document: DocumentNode;
}

/** The query fields that are answered from the cache: those that resolve through a middleware, and there is no other. */
export function cachedFields(): readonly string[] {
  return [...new Set(getMetadataStorage().middlewares.map(({ fieldName }) => fieldName))].toSorted();
}

/**
 * Every cached field, asked for everything that is in the cached value, as each kind of viewer who may ask, with arguments
 * that take each way a load can go. Edges to other types are left out: they are read live, whatever the cache holds.
 */
export function cachedQuestions(
  schema: GraphQLSchema,
  { userId, errandId, escrowId, disputeId }: QuestionIds,
): readonly Question[] {
  const filter =
    '{ states: [OPEN, ASSIGNED, DELIVERED], categories: [PICKUP], area: "Yaba", text: "parcel", budgetMin: 1, budgetMax: 9999999 }';
  const everybody = ['anonymous', 'customer', 'runner', 'staff'] as const;
  const people = ['customer', 'runner', 'staff'] as const;
  const asked: readonly (readonly [field: string, askers: readonly Asker[], args: string])[] = [
    ['errands', ['anonymous'], ''],
    ['errands', ['anonymous'], `(filter: ${filter}, orderBy: BUDGET_DESC)`],
    ['errands', ['anonymous'], '(filter: { area: "Yaba" }, orderBy: DELIVER_BY_ASC)'],
    ['errand', everybody, `(id: "${errandId}")`],
    ['myErrands', people, ''],
    ['myErrands', ['customer'], '(as: CUSTOMER, states: [DELIVERED])'],
    ['myEscrows', people, ''],
    ['myEscrows', ['runner'], '(state: FUNDED)'],
    ['escrow', people, `(id: "${escrowId}")`],
    ['dispute', people, `(id: "${disputeId}")`],
    ['offers', people, `(errandId: "${errandId}")`],
    ['me', people, ''],
    ['user', people, `(id: "${userId}")`],
    ['banks', ['anonymous'], '(country: "NG")'],
    ['banks', ['anonymous'], '(country: "NG", type: NUBAN, search: "zanzibar")'],
  ];
  return asked.flatMap(([field, askers, args]) => {
    const text = `{ ${field}${args} ${selectionOf(schema.getQueryType()!.getFields()[field]!.type)} }`;
    return askers.map((asker) => ({ asker, field, text, document: parse(text) }));
  });
}

/** Types that stand inside a cached value; all others are edges. */
const isPartOfAValue = ({ name }: GraphQLObjectType): boolean =>
  /^(Money|GeoPoint|PageInfo|.*Connection|.*Edge)$/.test(name);

function selectionOf(type: GraphQLOutputType, isNode = true): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const fields = Object.values(named.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (!isObjectType(inner)) return [field.name];
    if (isPartOfAValue(inner) || (isNode && ['node', 'edges'].includes(field.name))) {
      return [`${field.name} ${selectionOf(field.type)}`];
    }
    return [];
  });
  return `{ ${fields.join(' ')} }`;
}

/** The same questions, those of each viewer in one document. */
export function together(questions: readonly Question[]): readonly Question[] {
  return [...new Set(questions.map(({ asker }) => asker))].map((asker) => {
    const own = questions.filter((question) => question.asker === asker);
    const text = `{ ${own.map((question, index) => `q${index}: ${question.text.slice(1, -1).trim()}`).join('\n')} }`;
    return { asker, field: own.map(({ field }) => field).join(), text, document: parse(text) };
  });
}
