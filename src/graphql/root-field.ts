import { Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';

/** The one root field of an operation, or `several`: a name from a bounded set once the document is valid. */
export function rootFieldOf({ selectionSet }: OperationDefinitionNode): string {
  const names = new Set(namesIn(selectionSet));
  const [only] = names;
  return names.size === 1 && only !== undefined ? only : 'several';
}

function namesIn({ selections }: SelectionSetNode): readonly string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return selection.name.value;
    return selection.kind === Kind.INLINE_FRAGMENT ? namesIn(selection.selectionSet) : 'several';
  });
}
