import { badInput } from '../../kernel/index.js';

/** No input of ours is nearly as deep; JSON that a client sends can be deeper than the stack. */
const depthMax = 100;

/** Refuses what PostgreSQL cannot hold as text, and URLs cannot carry: NUL and half of a surrogate pair. @throws AppError BAD_INPUT */
export function refuseBrokenText(value: unknown, path: string, depth = 0): void {
  if (depth > depthMax) throw badInput(path.split('.')[0] ?? '', `is nested more than ${depthMax} deep.`);
  if (typeof value === 'string') {
    if (value.includes('\0') || !isWellFormed(value))
      throw badInput(path, 'holds characters that are no text (NUL, or half a character).');
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value))
      refuseBrokenText(part, path ? `${path}.${name}` : name, depth + 1);
  }
}

function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}
