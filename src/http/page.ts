import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Everything is inlined, so only our own origin is named; GraphiQL's editor needs inline code and blob workers. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join('; ');

interface Rendered {
  readonly html: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

/** Serves one large page: rendered and compressed once, at the first request that it succeeds for, and revalidated by its content's hash. */
export function createPage(
  render: () => Promise<string>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  let rendered: Promise<Rendered> | undefined;
  return async (request, reply) => {
    rendered ??= render()
      .then(prepare)
      .catch((error: unknown) => {
        rendered = undefined;
        throw error;
      });
    const { html, gzipped, etag } = await rendered;
    void reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'no-cache',
      vary: 'accept, accept-encoding',
      etag,
    });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    void reply.type('text/html; charset=utf-8');
    const takesGzip = request.headers['accept-encoding']?.includes('gzip') === true;
    return takesGzip ? reply.header('content-encoding', 'gzip').send(gzipped) : reply.send(html);
  };
}

async function prepare(text: string): Promise<Rendered> {
  const html = Buffer.from(text);
  const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 27)}"`;
  return { html, gzipped: await promisify(gzip)(html), etag };
}
