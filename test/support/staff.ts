import type { Db } from '../../src/db/index.js';
import { uuidv7, type Role } from '../../src/kernel/index.js';
import { SignInDocument } from './generated/graphql.js';
import type { GraphqlClient } from './graphql-client.js';
import { join, type Person } from './market.js';

/** Signs someone up through the API and gives them a role that nobody can give themselves. */
export async function joinAs(db: Db, anonymous: GraphqlClient, tenantId: string, role: Role): Promise<Person> {
  if (role === 'RUNNER' || role === 'CUSTOMER') return join(anonymous, role);
  const person = await join(anonymous, 'CUSTOMER', role);
  const grant = { id: uuidv7(), tenantId, userId: person.id, role, createdAt: new Date() };
  await db.write((tx) => tx.roleGrant.create({ data: grant }));
  return person;
}

/** The token that a client signs its requests with. */
export async function tokenOf(client: GraphqlClient, email: string): Promise<string> {
  const { signIn } = await client.get(SignInDocument, { email, password: 'a long password' });
  return signIn.accessToken;
}
