import { BlockList, isIP } from 'node:net';
import type { FieldFault } from '../../kernel/index.js';

/** Where webhooks may be sent. */
export interface WebhookReach {
  /** Outside production: http to this machine, and addresses of private networks. */
  readonly isOpen: boolean;
}

const urlLengthMax = 2048;

/** IANA special-purpose registries (RFC 6890 and its updates): what is not an address of the public internet. */
const specialV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;
/** Those that carry an IPv4 address inside (64:ff9b::, 2002::, Teredo) would lead round the list above. */
const specialV6 = [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const;

const special = new BlockList();
for (const [network, bits] of specialV4) special.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of specialV6) special.addSubnet(network, bits, 'ipv6');

/** Whether an IP address is one of the public internet. An IPv4 address in IPv6 dress is taken for what it is. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !special.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** What is wrong with the address of an endpoint. Names are looked up when a connection is made, and judged then. */
export function urlFaults(path: string, text: string, { isOpen }: WebhookReach): readonly FieldFault[] {
  const takes = isOpen ? 'an https URL, or an http URL on this machine' : 'an https URL on the public internet';
  const fault = (what: string): readonly FieldFault[] => [{ path, message: `${what}; takes ${takes}.` }];
  if (text.length > urlLengthMax) return fault(`is longer than ${urlLengthMax} characters`);
  if (!URL.canParse(text)) return fault('is not a URL');
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username || password || hash) return fault('carries a login or a fragment');
  const host = bareHost(hostname);
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (protocol !== 'https:' && !(protocol === 'http:' && isOpen && isLoopback)) return fault('is not https');
  if (!isOpen && (host === 'localhost' || (isIP(host) !== 0 && !isPublicAddress(host))))
    return fault('is an address of a private network');
  return [];
}

/** Of `[::1]`, what is between the brackets. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
