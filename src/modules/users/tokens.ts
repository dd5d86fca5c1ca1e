import { createHash, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { SignJWT, errors, jwtVerify, type JWTPayload } from 'jose';
import { AppError, invariant, isUuid, type Clock } from '../../kernel/index.js';

/** What an access token says; who that is and what they may do is asked for afresh. */
export interface AccessIdentity {
  readonly userId: string;
  readonly tenantId: string;
  readonly sessionId: string;
}

export interface Tokens {
  /** Seconds until an access token expires. */
  readonly accessTtlSeconds: number;
  issueAccess(identity: AccessIdentity): Promise<string>;
  /** @throws AppError UNAUTHENTICATED saying whether it expired (refresh the session) or is not one of ours (sign in) */
  verifyAccess(token: string): Promise<AccessIdentity>;
  /** 256 random bits for the client and their hash for the database. */
  newRefresh(): { readonly token: string; readonly hash: Uint8Array<ArrayBuffer> };
  /** @throws AppError UNAUTHENTICATED when it cannot be a refresh token at all */
  hashRefresh(token: string): Uint8Array<ArrayBuffer>;
}

export interface TokensOptions {
  /** At least 32 bytes (RFC 7518, section 3.2: a key of the hash's size or larger). */
  readonly secret: string;
  readonly accessTtlSeconds: number;
  readonly clock: Clock;
}

const issuer = 'runam';
const audience = 'runam-api';
const algorithm = 'HS256';
const secretBytesMin = 32;
const refreshBytes = 32;
const verifiedMax = 10_000;
const refreshPattern = /^[\w-]{43}$/;

/** Access tokens are JWTs (RFC 7519) signed with HMAC-SHA-256; refresh tokens are random and kept as SHA-256 only. */
export function createTokens({ secret, accessTtlSeconds, clock }: TokensOptions): Tokens {
  const bytes = Buffer.from(secret);
  invariant(bytes.length >= secretBytesMin, `the token secret has at least ${secretBytesMin} bytes`);
  const key = createSecretKey(bytes);
  const verified = new LRUCache<string, Verified>({ max: verifiedMax });
  return {
    accessTtlSeconds,
    issueAccess({ userId, tenantId, sessionId }) {
      const issuedAt = Math.floor(clock.now().getTime() / 1000);
      return new SignJWT({ tid: tenantId, sid: sessionId })
        .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + accessTtlSeconds)
        .sign(key);
    },
    async verifyAccess(token) {
      const now = clock.now();
      const known = verified.get(token);
      if (known && now.getTime() < known.expiresAtMs) return known.identity;
      const fresh = await verifyAccess(token, key, now);
      verified.set(token, fresh);
      return fresh.identity;
    },
    newRefresh() {
      const token = randomBytes(refreshBytes).toString('base64url');
      return { token, hash: sha256(token) };
    },
    hashRefresh(token) {
      if (!refreshPattern.test(token)) {
        throw new AppError('UNAUTHENTICATED', 'This is not a refresh token; sign in again.');
      }
      return sha256(token);
    },
  };
}

/** A signature that was right once stays right until the token expires, and checking it costs more than a cached answer. */
interface Verified {
  readonly identity: AccessIdentity;
  readonly expiresAtMs: number;
}

async function verifyAccess(token: string, key: KeyObject, currentDate: Date): Promise<Verified> {
  const rules = { issuer, audience, algorithms: [algorithm], currentDate, requiredClaims: ['exp', 'iat'] };
  try {
    const { payload } = await jwtVerify(token, key, rules);
    return { identity: identityOf(payload), expiresAtMs: (payload.exp ?? 0) * 1000 };
  } catch (error) {
    throw accessFault(error);
  }
}

function identityOf({ sub, tid, sid }: JWTPayload): AccessIdentity {
  const named = [sub, tid, sid].every((id) => typeof id === 'string' && isUuid(id));
  invariant(named, 'a signed access token names its user, tenant and session');
  return { userId: sub as string, tenantId: tid as string, sessionId: sid as string };
}

/** Only what jose says of the token becomes the caller's fault; anything else is ours and goes on as it is. */
function accessFault(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) {
    return new AppError('UNAUTHENTICATED', 'The access token has expired: refresh the session.', { cause: error });
  }
  if (error instanceof errors.JOSEError) {
    return new AppError('UNAUTHENTICATED', 'The access token is not valid here: sign in again.', { cause: error });
  }
  return error;
}

function sha256(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(text).digest());
}
