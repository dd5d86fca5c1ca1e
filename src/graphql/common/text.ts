import { badInput } from '../../kernel/index.js';

/** Refuses what PostgreSQL cannot hold as text, and URLs cannot carry: NUL and half of a surrogate pair. @throws AppError BAD_INPUT */
export function refuseBrokenText(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !isWellFormed(value))
      throw badInput(path, 'holds characters that are no text (NUL, or half a character).');
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) refuseBrokenText(part, path ? `${path}.${name}` : name);
  }
}

function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}
