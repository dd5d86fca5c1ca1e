import { argumentsOf, ofInput, password, type Signed, type Stage } from './mutation-stage.js';

const about = (types: Readonly<Record<string, string>> = {}) => argumentsOf({ userId: 'ID!', ...types });
const person = 'user { id }';

/** What is decided about people, by an admin, and what they decide about themselves and each other. */
export async function people(stage: Stage, admin: Signed, join: (name: string) => Promise<Signed>): Promise<void> {
  const { mutate } = stage;
  const [one, other] = [await join('one'), await join('other')];
  const userId = one.id;
  await mutate(admin.client, 'setOfferRules', ofInput('OfferRulesInput'), 'offerRules { version }', {
    input: { tierNeeded: 0 },
  });
  for (const tier of [2, 1]) {
    const verified = { userId, tier, note: 'Saw the passport.' };
    await mutate(admin.client, 'setVerification', about({ tier: 'Int!', note: 'String!' }), person, verified);
  }
  for (const field of ['blockUser', 'unblockUser']) await mutate(other.client, field, about(), person, { userId });
  const why = { userId, reason: 'A test.' };
  for (const field of ['suspendUser', 'reinstateUser'])
    await mutate(admin.client, field, about({ reason: 'String!' }), person, why);
  await mutate(other.client, 'closeAccount', argumentsOf({ password: 'String!' }), 'closedAt', { password });
}
