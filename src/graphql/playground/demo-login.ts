/** The playground's request header that says which demo login a tab runs as. */
export const demoLoginHeader = 'demo-login';

/**
 * A script for the playground page: a request with the `demo-login` header is sent with that user's access token instead,
 * signed in on first use. It sees only what the page itself sends, and is served only beside demo data.
 */
export function demoLoginScript(endpoint: string, password: string): string {
  const settings = JSON.stringify({ endpoint, password, header: demoLoginHeader });
  return `<script>(${signInOnDemand.toString()})(${settings});</script>`;
}

/* Runs in the browser, so it is typed by what it uses there. */
function signInOnDemand({ endpoint, password, header }: { endpoint: string; password: string; header: string }): void {
  const send = globalThis.fetch;
  const tokens = new Map<string, Promise<string>>();
  const query = 'mutation DemoLogin($input: SignInInput!) { signIn(input: $input) { accessToken expiresIn } }';

  async function signIn(email: string): Promise<string> {
    const body = JSON.stringify({ query, variables: { input: { email, password } } });
    const answer = await send(endpoint, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const { data, errors } = (await answer.json()) as {
      data?: { signIn: { accessToken: string; expiresIn: number } };
      errors?: { message: string }[];
    };
    if (!data) throw new Error(errors?.[0]?.message ?? 'the demo login failed');
    globalThis.setTimeout(() => tokens.delete(email), data.signIn.expiresIn * 900);
    return data.signIn.accessToken;
  }

  globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    const email = headers.get(header);
    if (!email) return send(input, init);
    headers.delete(header);
    const token = tokens.get(email) ?? signIn(email);
    tokens.set(email, token);
    token.catch(() => tokens.delete(email));
    headers.set('authorization', `Bearer ${await token}`);
    return send(input, { ...init, headers });
  };
}
