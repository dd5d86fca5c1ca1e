import type { Clock } from '../../src/kernel/index.js';
import {
  createSandboxProvider,
  createSandboxServer,
  type PaymentProvider,
  type SandboxServer,
} from '../../src/modules/providers/index.js';

/** One for all services that go by the same clock, begun when it is first asked. */
const servers = new WeakMap<Clock, Promise<SandboxServer>>();

const key = 'a key of the sandbox';
const webhookSecret = 'a secret of the sandbox';

/** The sandbox of everybody with this clock: every charge and transfer succeeds at once, and for nothing. */
export function sandboxOf(clock: Clock): PaymentProvider {
  const baseUrl = async (): Promise<string> => (await sandboxServerOf(clock)).url;
  return createSandboxProvider({ baseUrl, secretKey: key, webhookSecret });
}

export function sandboxServerOf(clock: Clock): Promise<SandboxServer> {
  const fees = { chargeBasisPoints: 0, transferMinor: 0n };
  const server = servers.get(clock) ?? createSandboxServer({ clock, key, webhookSecret, fees });
  servers.set(clock, server);
  return server;
}

export async function closeSandbox(clock: Clock): Promise<void> {
  await (await servers.get(clock))?.close();
  servers.delete(clock);
}
