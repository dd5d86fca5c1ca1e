import { createHmac } from 'node:crypto';
import { errandStates, transitions, type Facts } from '../../src/modules/errands/index.js';
import type { PaymentProvider, Webhook } from '../../src/modules/providers/index.js';

/** The table as this process may spoil it; the product itself knows of no such thing. */
type Spoilt = Record<keyof typeof transitions, Record<'from' | 'actor' | 'guard' | 'postings', unknown>>;

const pass = (): undefined => undefined;
const everybody = ['customer', 'assignedRunner', 'runner', 'staff', 'stranger'];

/** What happens when a guard is missing: each is taken out of the table of transitions, in the simulation's process only. */
const breaks = {
  /** The state of an errand is not looked at. */
  anyState: (table) => eachRule(table, (rule) => ({ ...rule, from: errandStates })),
  /** Who acts is not looked at. */
  anyActor: (table) => eachRule(table, (rule) => ({ ...rule, actor: everybody })),
  /** A delivery can be confirmed, and released by itself, while a dispute is open. */
  notFrozen: (table) => {
    table.confirm = { ...table.confirm, from: ['DELIVERED', 'DISPUTED'], guard: pass };
    table.autoRelease = { ...table.autoRelease, from: ['DELIVERED', 'DISPUTED'], guard: pass };
  },
  /** An escrow that has its money takes it again. */
  fundTwice: (table) => {
    table.fundFromWallet = { ...table.fundFromWallet, from: ['AWAITING_FUNDING', 'ASSIGNED', 'IN_PROGRESS'] };
  },
  /** Who confirms is not compared with whose errand it is. */
  anybodyConfirms: (table) => {
    table.confirm = { ...table.confirm, actor: everybody };
  },
  /** An offer is accepted whatever has become of it. */
  anyOffer: (table) => {
    table.acceptOffer = { ...table.acceptOffer, guard: pass };
  },
  /** Whether one of the two has blocked the other is not looked at. */
  blockedBids: (table) => {
    const { guard } = transitions.placeOffer;
    table.placeOffer = {
      ...table.placeOffer,
      guard(facts: Facts, now: Date) {
        const { bidder: _, ...others } = facts;
        return guard(others, now);
      },
    };
  },
  /** A runner who never came leaves the money in the escrow. */
  noShowKeeps: (table) => {
    table.noShow = { ...table.noShow, postings: () => [] };
  },
  /** What a provider does not answer is taken for a failure. */
  unknownIsFailed: () => undefined,
  /** What a provider tells again is taken for something new. */
  toldIsNew: () => undefined,
  /** Nobody looks whether a dispute may still be opened. */
  disputeLate: (table) => {
    table.openDispute = { ...table.openDispute, guard: pass };
  },
} as const satisfies Record<string, (table: Spoilt) => void>;

export type Break = keyof typeof breaks;
export const breakNames = Object.keys(breaks) as readonly Break[];

type Rule = Spoilt[keyof Spoilt];

function eachRule(table: Spoilt, spoil: (rule: Rule) => Rule): void {
  for (const name of Object.keys(table) as (keyof Spoilt)[]) table[name] = spoil(table[name]);
}

/** Takes a guard out. @returns how to put it back */
export function breakGuard(name: Break): () => void {
  const table = transitions as unknown as Spoilt;
  const whole = { ...table };
  breaks[name](table);
  return () => void Object.assign(table, whole);
}

/** The provider as the workers hear it, when nobody tells what is unknown from what failed. */
export function asHeard(provider: PaymentProvider, name: Break | undefined): PaymentProvider {
  if (name !== 'unknownIsFailed') return provider;
  return {
    ...provider,
    async sendTransfer(request) {
      const report = await provider.sendTransfer(request);
      return report.kind === 'UNKNOWN' ? { kind: 'FAILED', reason: report.reason } : report;
    },
  };
}

/** Webhooks as the door takes them, when nobody knows an event again by its id. */
export function asTold(secret: string, name: Break | undefined): (webhook: Webhook) => Webhook {
  if (name !== 'toldIsNew') return (webhook) => webhook;
  const times = new Map<string, number>();
  return (webhook) => {
    const event = JSON.parse(webhook.body) as { readonly id: string };
    const told = (times.get(event.id) ?? 0) + 1;
    times.set(event.id, told);
    if (told === 1) return webhook;
    const body = JSON.stringify({ ...event, id: `${event.id} ${told}` });
    return { headers: { 'x-sandbox-signature': createHmac('sha512', secret).update(body).digest('hex') }, body };
  };
}
