import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AppError, type Clock } from '../../kernel/index.js';

/** Stands before the sign-in, so that nobody tries passwords on one account until one fits. */
export interface SignInGuard {
  /**
   * Runs one attempt; `verify` resolves to undefined when the credentials are wrong, which counts, and to anything else
   * when they are right, which makes up for all that was wrong before. An attempt counts from its beginning, so that many
   * at once are no way around; one that rejects does not count. Whether there is such an account makes no difference.
   * @throws AppError RATE_LIMITED (retryable, saying in how many minutes) without running `verify`
   */
  attempt<T>(tenantId: string, email: string, verify: () => Promise<T | undefined>): Promise<T | undefined>;
}

export interface SignInGuardOptions {
  readonly clock: Clock;
  /** Wrong attempts on one account within the window, after which the next is refused. Default 10. */
  readonly failuresMax?: number;
  /** Default 15 minutes. */
  readonly windowMs?: number;
  /** Accounts remembered at most; the one longest left alone is forgotten first. Default 20,000, some 5 MB. */
  readonly accountsMax?: number;
}

const minuteMs = 60_000;

/** A guard with a memory of its own: each process counts for itself and forgets when it ends. */
export function createSignInGuard(options: SignInGuardOptions): SignInGuard {
  const { clock, failuresMax = 10, windowMs = 15 * minuteMs, accountsMax = 20_000 } = options;
  /** When the attempts began that were wrong or are under way, oldest first, by account. */
  const attempts = new LRUCache<string, readonly number[]>({ max: accountsMax });

  return {
    async attempt(tenantId, email, verify) {
      const account = accountKey(tenantId, email);
      const nowMs = clock.now().getTime();
      const recent = (attempts.get(account) ?? []).filter((atMs) => atMs > nowMs - windowMs);
      if (recent.length >= failuresMax) throw tooMany(recent[0]! + windowMs - nowMs);
      attempts.set(account, [...recent, nowMs]);
      try {
        const right = await verify();
        if (right !== undefined) attempts.delete(account);
        return right;
      } catch (error) {
        const counted = attempts.get(account) ?? [];
        attempts.set(account, without(counted, nowMs));
        throw error;
      }
    },
  };
}

/** Short whatever the caller sends for an address. */
function accountKey(tenantId: string, email: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenantId, email]))
    .digest('base64url');
}

function tooMany(waitMs: number): AppError {
  const minutes = Math.ceil(waitMs / minuteMs);
  const wait = minutes === 1 ? '1 minute' : `${minutes} minutes`;
  return new AppError('RATE_LIMITED', `Too many failed sign-ins for this email address: try again in ${wait}.`, {
    retryable: true,
  });
}

/** All but one of the times that are `atMs`. */
function without(times: readonly number[], atMs: number): readonly number[] {
  const index = times.indexOf(atMs);
  return index === -1 ? times : times.toSpliced(index, 1);
}
