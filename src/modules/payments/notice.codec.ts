import { invariant, isCurrency } from '../../kernel/index.js';
import type { Prisma } from '../../db/index.js';
import type { WebhookNotice } from '../providers/index.js';

export type About = WebhookNotice['about'];

/** What a notice is about, as JSON. */
export function encodeAbout(about: About): Prisma.InputJsonObject {
  if (about.kind !== 'chargeback') return about;
  const { amount, ...rest } = about;
  return { ...rest, amountMinor: amount.minor.toString(), currency: amount.currency };
}

/** @throws InvariantViolation for what `encodeAbout` did not write */
export function decodeAbout(json: Prisma.JsonValue): About {
  const about = json as Readonly<Record<string, string>>;
  const { kind, reference, clientRef, type, amountMinor, currency, reason } = about;
  if (kind === 'charge' && reference !== undefined) return { kind, reference };
  if (kind === 'transfer' && clientRef !== undefined) return { kind, clientRef };
  if (kind === 'other' && type !== undefined) return { kind, type };
  const isWhole = kind === 'chargeback' && reference !== undefined && amountMinor !== undefined && reason !== undefined;
  invariant(isWhole && currency !== undefined && isCurrency(currency), `a notice is about ${JSON.stringify(json)}`);
  return { kind, reference, amount: { minor: BigInt(amountMinor), currency }, reason };
}

/** What it names, for people. */
export function subjectOf(about: About): string {
  switch (about.kind) {
    case 'charge':
    case 'chargeback':
      return about.reference;
    case 'transfer':
      return about.clientRef;
    case 'other':
      return about.type;
  }
}
