import { badInput, isUuid } from '../../kernel/index.js';

/** Of what was sent instead of an id. */
const shownMax = 60;

/** Parses an `ID` argument. @throws AppError BAD_INPUT when it is not one of our ids */
export function parseId(path: string, text: string): string {
  const id = text.toLowerCase();
  if (!isUuid(id))
    throw badInput(
      path,
      `"${text.slice(0, shownMax)}${text.length > shownMax ? '…' : ''}" is not an id; ids look like 0192f0c1-2b3c-7d4e-8f50-61728394a5b6.`,
    );
  return id;
}
