/**
 * A script for the playground page: GraphiQL sends subscriptions to the address that answers queries; they are asked for where
 * event streams come from.
 */
export function eventStreamScript(endpoint: string): string {
  return `<script>(${askElsewhere.toString()})(${JSON.stringify({ endpoint })});</script>`;
}

/* Runs in the browser, so it is typed by what it uses there. */
function askElsewhere({ endpoint }: { endpoint: string }): void {
  const send = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const wantsEvents = new Headers(init?.headers).get('accept')?.startsWith('text/event-stream') === true;
    if (!wantsEvents || typeof input !== 'string') return send(input, init);
    const [address = '', ...asked] = input.split('?');
    return send(address.endsWith(endpoint) ? [`${address}/stream`, ...asked].join('?') : input, init);
  };
}
