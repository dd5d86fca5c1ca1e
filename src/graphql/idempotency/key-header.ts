import { Kind, type FragmentDefinitionNode, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';
import { AppError } from '../../kernel/index.js';
import { parseIdempotencyKey } from '../../modules/idempotency/index.js';

/** The key of the one mutation of a request; see draft-ietf-httpapi-idempotency-key-header. */
export const keyHeader = 'idempotency-key';

const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
const bare = /^[\x21\x23-\x7e]+$/;

/**
 * Reads the header: a string in quotes (RFC 9651, section 3.3.3), as the draft has it, or the key itself without spaces and
 * quotes, as most clients send it. @throws AppError BAD_INPUT
 */
export function parseKeyHeader(header: string): string {
  const text = header.trim();
  const key = quoted.exec(text)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? bare.exec(text)?.[0];
  if (key !== undefined) return parseIdempotencyKey(keyHeader, key);
  throw new AppError(
    'BAD_INPUT',
    `The header ${keyHeader} takes a key in quotes, like "8e03978e-40d5", without parameters.`,
  );
}

/** A header cannot say which of several mutations its key is of. @throws AppError BAD_INPUT */
export function requireOneMutation({
  operation,
  fragments,
}: Pick<GraphQLResolveInfo, 'operation' | 'fragments'>): void {
  const count = fieldsCountOf(operation.selectionSet, fragments);
  if (count === 1) return;
  throw new AppError(
    'BAD_INPUT',
    `The header ${keyHeader} goes with one mutation, and the document has ${count}: give each an idempotencyKey of its own.`,
  );
}

function fieldsCountOf(
  { selections }: SelectionSetNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
): number {
  const counts = selections.map((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value.startsWith('__') ? 0 : 1;
    const part = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
    return part ? fieldsCountOf(part.selectionSet, fragments) : 0;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
