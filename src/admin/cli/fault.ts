/** A command that cannot be done, in one sentence: `usage` when it was asked for in a wrong way. */
export class CliFault extends Error {
  override readonly name = 'CliFault';
  readonly kind: 'usage' | 'failed';

  constructor(kind: 'usage' | 'failed', message: string) {
    super(message);
    this.kind = kind;
  }
}
