import { uuidv7 } from '../../src/kernel/index.js';
import type { SandboxServer } from '../../src/modules/providers/index.js';
import type { GraphqlClient } from './graphql-client.js';
import type { Row } from './sample-rows.js';
import type { TestApp } from './test-app.js';

export interface Signed {
  readonly id: string;
  readonly email: string;
  readonly client: GraphqlClient;
}

/** Where every mutation is asked. */
export interface Stage {
  readonly app: TestApp;
  readonly tenantId: string;
  readonly bankId: string;
  /** Tells of nothing by itself: what the server does about webhooks is written by no mutation. */
  readonly sandbox: SandboxServer;
  readonly mutate: Mutate;
}

export const password = 'a long password';
export const naira = (minor: number) => ({ minor, currency: 'NGN' });

export interface Arguments {
  readonly declared: string;
  readonly given: string;
}

export type Mutate = (
  client: GraphqlClient,
  field: string,
  args: Arguments,
  selection: string,
  variables?: Row,
  /** The answer may be an error. Default false. */
  fails?: boolean,
) => Promise<Readonly<Record<string, never>>>;

/** `{ id: 'ID!' }` -> what the operation declares and what the field is given. */
export function argumentsOf(types: Readonly<Record<string, string>>): Arguments {
  const names = Object.keys(types);
  return {
    declared: `(${names.map((name) => `$${name}: ${types[name]}`).join(', ')})`,
    given: `(${names.map((name) => `${name}: $${name}`).join(', ')})`,
  };
}

/** The same, done with an idempotency key of its own: what only keyed calls write is looked at too. */
export function withKey({ declared, given }: Arguments): Arguments {
  return { declared, given: given.replace(/\)$/, `, idempotencyKey: "${uuidv7()}")`) };
}

export const ofInput = (type: string) => argumentsOf({ input: `${type}!` });
export const ofId = argumentsOf({ id: 'ID!' });
export const ofErrand = argumentsOf({ errandId: 'ID!' });
export const ofOffer = argumentsOf({ offerId: 'ID!' });
