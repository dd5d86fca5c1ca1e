import { ArgsType, Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { encodeCursor, pageSizeDefault, pageSizeMax, type Cursor, type Page } from '../../kernel/index.js';

@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: `How many, 1 to ${pageSizeMax}. Default ${pageSizeDefault}.` })
  first?: number;

  @Field(() => String, { nullable: true, description: 'The endCursor of the page before, or any edge cursor.' })
  after?: string;
}

@ObjectType({ simpleResolvers: true, description: 'Where this page ends (Relay cursor connections).' })
export class PageInfo {
  @Field(() => String, { nullable: true })
  startCursor!: string | null;

  @Field(() => String, { nullable: true })
  endCursor!: string | null;

  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'True when the page was asked for with `after`.' })
  hasPreviousPage!: boolean;
}

interface Edge<Row> {
  readonly cursor: string;
  readonly node: Row;
}

/** The plain value behind a connection type; this is what the cache keeps. */
export interface Connection<Row> {
  readonly edges: readonly Edge<Row>[];
  readonly pageInfo: PageInfo;
}

/** A Relay connection and edge type of `node`, named `<name>Connection` and `<name>Edge`. */
export function connectionTypeOf(name: string, node: () => ClassType) {
  @ObjectType(`${name}Edge`, { simpleResolvers: true })
  class EdgeType {
    @Field(() => String)
    cursor!: string;

    @Field(node)
    node!: unknown;
  }

  @ObjectType(`${name}Connection`, { simpleResolvers: true })
  class ConnectionType {
    @Field(() => [EdgeType])
    edges!: readonly EdgeType[];

    @Field(() => PageInfo)
    pageInfo!: PageInfo;
  }

  return ConnectionType;
}

export function toConnection<Row>(
  page: Page<Row>,
  after: string | undefined,
  cursorOf: (row: Row) => Cursor,
): Connection<Row> {
  const edges = page.rows.map((node) => ({ cursor: encodeCursor(cursorOf(node)), node }));
  return {
    edges,
    pageInfo: {
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
      hasNextPage: page.hasNextPage,
      hasPreviousPage: after !== undefined,
    },
  };
}
