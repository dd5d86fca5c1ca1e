import { afterAll, beforeAll, expect, it } from 'vitest';
import type { UserViewer } from '../../src/kernel/index.js';
import { createBankService } from '../../src/modules/banks/index.js';
import type { ProfilePatch, SignUpInput } from '../../src/modules/users/index.js';
import { each, hostile } from '../support/hostile.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { addTenant, openOffice, password, person, stillClock, viewerOfSignIn, type Office } from './users.support.js';

let database: TestDatabase;
let office: Office;
let lagos: string;
let ada: UserViewer;

beforeAll(async () => {
  database = await createTestDatabase();
  office = openOffice({ url: database.url, clock: stillClock() });
  lagos = await addTenant(office.db, 'lagos');
  ada = await viewerOfSignIn(office, await office.accounts.signUp(lagos, person('ada')));
});
afterAll(async () => {
  await office?.db.close();
  await database?.drop();
});

const signUps: readonly (readonly [string, string, Partial<SignUpInput>])[] = [
  ...each(hostile.texts).flatMap(([what, text]) => [
    ['input.email', what, { email: `${text}@runam.test` }] as const,
    ['input.displayName', what, { displayName: text }] as const,
    ['input.phone', what, { phone: `+2348012345678${text}` }] as const,
  ]),
  ['input.email', 'too long', { email: `${'x'.repeat(300)}@runam.test` }],
  ['input.phone', 'too long', { phone: `+${'2'.repeat(100_000)}` }],
];

it.each(signUps)('nobody signs up with %s being %s', async (path, _, input) => {
  const signingUp = office.accounts.signUp(lagos, { ...person('newcomer'), ...input });
  await expect(signingUp).rejects.toMatchObject({ code: 'BAD_INPUT', fields: [{ path }] });
  expect(await office.db.read.user.count()).toBe(1);
});

it.each(each({ ...hostile.texts, 'too much': 'x'.repeat(1_000_000) }))(
  'an address with %s is an unknown one when signing in',
  async (_, text) => {
    const signingIn = office.accounts.signIn(lagos, `${text}@runam.test`, password);
    await expect(signingIn).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
  },
);

const patches: readonly (readonly [string, string, ProfilePatch])[] = each(hostile.texts).flatMap(([what, text]) => [
  ['input.displayName', what, { displayName: text }] as const,
  ['input.bio', what, { bio: text }] as const,
  ['input.homeArea', what, { homeArea: text }] as const,
  ['input.avatarUrl', what, { avatarUrl: `https://img.example/${text}.png` }] as const,
]);

it.each(patches)('a profile is not changed to %s being %s', async (path, _, patch) => {
  const changing = office.users.updateProfile(ada, patch);
  await expect(changing).rejects.toMatchObject({ code: 'BAD_INPUT', fields: [{ path }] });
  expect((await office.users.get(ada, ada.userId)).profile.version).toBe(1);
});

it.each([Number.NaN, 0, -1, 1.5, 2 ** 31, Infinity])('a profile has no version %s', async (version) => {
  const changing = office.users.updateProfile(ada, { bio: 'x' }, version);
  await expect(changing).rejects.toMatchObject({ code: 'BAD_INPUT', fields: [{ path: 'expectedVersion' }] });
});

const bankQueries = [
  ...each(hostile.texts).map(([what, search]) => ['search', what, { country: 'NG', search }] as const),
  ...each(hostile.texts).map(([what, country]) => ['country', what, { country }] as const),
  ['type', 'unknown', { country: 'NG', type: 'PIGGY' as 'NUBAN' }] as const,
];

it.each(bankQueries)('the bank directory is not searched with %s being %s', async (path, _, query) => {
  const searching = createBankService({ db: office.db }).list(query);
  await expect(searching).rejects.toMatchObject({ code: 'BAD_INPUT', fields: [{ path }] });
});
