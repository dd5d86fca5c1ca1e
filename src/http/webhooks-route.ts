import type { FastifyInstance } from 'fastify';

/** Takes what payment providers tell. What it throws is the answer: 404, 401 and 400 are not worth another try, 503 is. */
export interface WebhookDoor {
  receive(provider: string, headers: Readonly<Record<string, string | undefined>>, rawBody: Buffer): Promise<unknown>;
}

/** Far more than any provider sends. */
const bodyBytesMax = 262_144;

/**
 * `POST /webhooks/{provider}`: the body as it came, byte by byte, because that is what is signed. Answered as soon as it is
 * kept. Not limited in rate: providers send many from few addresses, and who has no key is refused before anything is read.
 */
export function addWebhooks(app: FastifyInstance, door: WebhookDoor): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    const options = { bodyLimit: bodyBytesMax, config: { rateLimit: false as const } };
    scope.post<{ Params: { provider: string } }>('/webhooks/:provider', options, async ({ params, headers, body }) => {
      const rawBody = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
      await door.receive(params.provider, single(headers), rawBody);
      return { received: true };
    });
  });
}

function single(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string | undefined> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return Object.fromEntries(entries) as Record<string, string | undefined>;
}
