import { inspect } from 'node:util';

/** An option that cannot be used: says which, what it got and what it takes. */
export class InvalidCacheOption extends TypeError {
  override readonly name = 'InvalidCacheOption';
  readonly option: string;

  constructor(option: string, got: unknown, takes: string) {
    super(`${option}: got ${shown(got)}; takes ${takes}`);
    this.option = option;
  }
}

/** A key, or arguments that a key is to be made of, that cannot name one entry. */
export class InvalidCacheKey extends TypeError {
  override readonly name = 'InvalidCacheKey';
}

/** No cache of this name was declared. */
export class UnknownAlias extends TypeError {
  override readonly name = 'UnknownAlias';

  constructor(alias: string, known: readonly string[]) {
    super(`alias: got ${shown(alias)}; takes one of ${known.join(', ')}`);
  }
}

const shownMax = 80;

function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}
