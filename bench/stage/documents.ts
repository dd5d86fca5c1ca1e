import { counterMark } from '../load/slice.type.js';

const errands = `query Errands { errands(first: 20) {
  edges { cursor node { id title state version area category createdAt budget { minor currency formatted } } }
  pageInfo { endCursor hasNextPage } } }`;

const myEscrows = `query MyEscrows { myEscrows(first: 20) {
  edges { cursor node { id state version gross { minor currency } funded { minor } released { minor } refunded { minor } } }
  pageInfo { endCursor hasNextPage } } }`;

const signIn =
  'mutation ($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) { accessToken } }';
const signUp = 'mutation ($input: SignUpInput!) { signUp(input: $input) { accessToken } }';
const topUpWallet = 'mutation ($input: TopUpInput!) { topUpWallet(input: $input) { providerRef } }';
const postErrand = 'mutation ($input: PostErrandInput!) { postErrand(input: $input) { errand { id } } }';
const updateErrand = `mutation ($id: ID!, $input: UpdateErrandInput!) {
  updateErrand(id: $id, input: $input) { errand { id title version } } }`;

const password = 'a long password';

/** Request bodies. */
export const requests = {
  errands: JSON.stringify({ query: errands }),
  myEscrows: JSON.stringify({ query: myEscrows }),
  signIn: (email: string, demoPassword: string) =>
    JSON.stringify({ query: signIn, variables: { email, password: demoPassword } }),
  signUp: (email: string, role: 'CUSTOMER' | 'RUNNER' = 'CUSTOMER') =>
    JSON.stringify({ query: signUp, variables: { input: { email, password, displayName: 'Bench', role } } }),
  topUp: (minor: number, currency: string) =>
    JSON.stringify({ query: topUpWallet, variables: { input: { amount: { minor, currency } } } }),
  postErrand: JSON.stringify({
    query: postErrand,
    variables: {
      input: {
        title: 'Fetch a parcel',
        description: 'Two boxes from the park.',
        category: 'PICKUP',
        area: 'Westlands',
        budget: { minor: 350_000, currency: 'KES' },
        publish: true,
      },
    },
  }),
  updateErrand: (id: string) =>
    JSON.stringify({ query: updateErrand, variables: { id, input: { title: `Fetch parcel ${counterMark}` } } }),
};
