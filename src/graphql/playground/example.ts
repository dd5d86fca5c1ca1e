/** One tab of the playground. Without `as` nobody needs to be signed in. */
export interface PlaygroundExample {
  readonly query: string;
  /** The demo login it runs as. */
  readonly as?: string;
}

export const customer = 'ada@runam.test';
export const runner = 'bola@runam.test';
export const arbiter = 'arbiter@runam.test';
export const finance = 'finance@runam.test';
export const support = 'support@runam.test';
export const admin = 'admin@runam.test';
