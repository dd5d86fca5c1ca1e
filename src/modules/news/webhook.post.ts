import { lookup, type LookupAddress } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { bareHost, isPublicAddress, type WebhookReach } from './webhook.address.js';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of one request: the status it was answered with, or why there is none. */
export type WebhookAnswer = { readonly status: number } | { readonly error: string };

/** Sends one request. Never rejects: an endpoint that cannot be reached is an answer, too. */
export type WebhookPost = (request: WebhookRequest) => Promise<WebhookAnswer>;

export interface WebhookPostOptions extends WebhookReach {
  /** From the first packet to the head of the answer. Default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Posts over a connection of its own. Redirects are not followed, and of the answer only the status is read. The address is
 * judged when the connection is made, by the very lookup that it uses, so a name cannot be public at first and private then.
 */
export function createWebhookPost({ isOpen, timeoutMs = 10_000 }: WebhookPostOptions): WebhookPost {
  return ({ url, headers, body }) =>
    new Promise((resolve) => {
      const { protocol, hostname } = new URL(url);
      const host = bareHost(hostname);
      if (!isOpen && isIP(host) !== 0 && !isPublicAddress(host)) return resolve({ error: notPublic(host) });
      const send = protocol === 'https:' ? httpsRequest : httpRequest;
      const outgoing = send(url, {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        agent: false,
        ...(!isOpen && { lookup: publicLookup }),
      });
      const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
      outgoing.on('response', (response) => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0 });
        response.destroy();
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        resolve({ error: error.message || error.code || 'no connection' });
      });
      outgoing.end(body);
    });
}

/** As `dns.lookup`, and fails when one of the addresses is not public. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: readonly LookupAddress[]) => {
    const hidden = error ? undefined : addresses.find(({ address }) => !isPublicAddress(address));
    const [first] = error ? [] : addresses;
    if (error || hidden || !first) return callback(error ?? new Error(notPublic(hidden?.address ?? hostname)), []);
    if (options.all) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  });
};

function notPublic(address: string): string {
  return `${address} is not an address of the public internet`;
}
