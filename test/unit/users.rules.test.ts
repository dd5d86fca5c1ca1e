import { describe, expect, it } from 'vitest';
import type { UserStatus } from '../../src/db/index.js';
import { roles, uuidv7, type Role, type UserViewer, type Viewer } from '../../src/kernel/index.js';
import {
  canSeeContact,
  requireLiveSession,
  viewerOf,
  visibleRoles,
  type Permissions,
  type SignUpInput,
} from '../../src/modules/users/index.js';
import { decideRefresh, revokedReasons, type LockedRefreshToken } from '../../src/modules/users/session.js';
import { parseProfilePatch, parseSignUp } from '../../src/modules/users/user.input.js';

const identity = { userId: uuidv7(), tenantId: uuidv7(), sessionId: uuidv7() };
const permissions: Permissions = {
  userId: identity.userId,
  tenantId: identity.tenantId,
  status: 'ACTIVE',
  roles: ['RUNNER'],
};
const now = new Date('2026-03-01T09:00:00Z');
const earlier = new Date('2026-03-01T08:00:00Z');
const later = new Date('2026-03-01T10:00:00Z');

function viewerWith(...held: Role[]): UserViewer {
  return { kind: 'user', ...identity, roles: new Set(held) };
}

describe('what others see of a user', () => {
  const passerBy: Viewer = { kind: 'anonymous', tenantId: identity.tenantId, roles: new Set() };
  const someone = { id: uuidv7(), roles: [...roles] };

  it('is contact data for the user and for staff only', () => {
    expect(canSeeContact(viewerWith(), identity.userId)).toBe(true);
    expect(canSeeContact(viewerWith('CUSTOMER', 'RUNNER'), someone.id)).toBe(false);
    expect(canSeeContact(passerBy, someone.id)).toBe(false);
    for (const role of ['SUPPORT', 'ARBITER', 'FINANCE', 'ADMIN'] as const) {
      expect(canSeeContact(viewerWith(role), someone.id)).toBe(true);
    }
  });

  it('is that they are customer or runner, and not that they are staff', () => {
    expect(visibleRoles(passerBy, someone)).toEqual(['CUSTOMER', 'RUNNER']);
    expect(visibleRoles(viewerWith('RUNNER'), someone)).toEqual(['CUSTOMER', 'RUNNER']);
    expect(visibleRoles(viewerWith('SUPPORT'), someone)).toEqual(roles);
    expect(visibleRoles(viewerWith(), { id: identity.userId, roles: ['ADMIN'] })).toEqual(['ADMIN']);
  });
});

describe('the viewer of an access token', () => {
  it('has the roles of now', () => {
    expect(viewerOf(identity, permissions)).toEqual({ kind: 'user', ...identity, roles: new Set(['RUNNER']) });
  });

  it('is nobody when the user is gone, another, of another market, suspended or closed', () => {
    const cases: (Permissions | undefined)[] = [
      undefined,
      { ...permissions, userId: uuidv7() },
      { ...permissions, tenantId: uuidv7() },
      { ...permissions, status: 'SUSPENDED' },
      { ...permissions, status: 'CLOSED' },
    ];
    for (const each of cases)
      expect(() => viewerOf(identity, each)).toThrow(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
    expect(() => viewerOf(identity, { ...permissions, status: 'SUSPENDED' })).toThrow('suspended');
  });

  it('needs a session that is theirs, not revoked and not run out', () => {
    const session = { id: identity.sessionId, userId: identity.userId, expiresAt: later, revokedAt: null };
    expect(requireLiveSession(identity, session, now)).toBeUndefined();
    for (const change of [{ revokedAt: earlier }, { expiresAt: now }, { userId: uuidv7() }, { id: uuidv7() }]) {
      expect(() => requireLiveSession(identity, { ...session, ...change }, now)).toThrow('This session has ended');
    }
    expect(() => requireLiveSession(identity, undefined, now)).toThrow('This session has ended');
  });
});

describe('the verdict on a refresh token', () => {
  interface Situation {
    readonly spent: boolean;
    readonly wasFresh: boolean;
    readonly revoked: 'no' | 'signed out' | 'reused';
    readonly runOut: 'no' | 'token' | 'session';
    readonly status: UserStatus;
  }

  function verdictOn({ spent, wasFresh, revoked, runOut, status }: Situation) {
    const reason = revoked === 'reused' ? revokedReasons.reused : revokedReasons.signedOut;
    const token: LockedRefreshToken = {
      id: uuidv7(),
      usedAt: spent ? earlier : null,
      expiresAt: runOut === 'token' ? now : later,
      status,
      session: {
        id: identity.sessionId,
        tenantId: identity.tenantId,
        userId: identity.userId,
        expiresAt: runOut === 'session' ? now : later,
        revokedAt: revoked === 'no' ? null : earlier,
        revokedReason: revoked === 'no' ? null : reason,
      },
    };
    return decideRefresh(token, wasFresh, now);
  }

  const situations: readonly Situation[] = [true, false].flatMap((spent) =>
    [true, false].flatMap((wasFresh) =>
      (['no', 'signed out', 'reused'] as const).flatMap((revoked) =>
        (['no', 'token', 'session'] as const).flatMap((runOut) =>
          (['ACTIVE', 'SUSPENDED', 'CLOSED'] as const).map((status) => ({ spent, wasFresh, revoked, runOut, status })),
        ),
      ),
    ),
  );

  it('is to rotate only for a token that is unspent, unexpired, of a standing session and an active user', () => {
    const rotated = situations.filter((each) => verdictOn(each) === 'rotate');
    expect(rotated).toHaveLength(2);
    for (const each of rotated)
      expect(each).toMatchObject({ spent: false, revoked: 'no', runOut: 'no', status: 'ACTIVE' });
  });

  it('ends the session for every token that was already spent when the request began', () => {
    const comeBack = situations.filter(({ spent, wasFresh, revoked }) => spent && !wasFresh && revoked === 'no');
    expect(comeBack.map(verdictOn)).toEqual(comeBack.map(() => 'reused'));
    expect(comeBack).toHaveLength(9);
  });

  it('spares the session only when the token was spent while the request waited', () => {
    const overtaken = situations.filter((each) => verdictOn(each) === 'overtaken');
    expect(overtaken).toHaveLength(9);
    for (const each of overtaken) expect(each).toMatchObject({ spent: true, wasFresh: true, revoked: 'no' });
  });
});

describe('signing up', () => {
  const valid: SignUpInput = { email: 'ada@runam.test', password: 'runam-demo', displayName: 'Ada', role: 'CUSTOMER' };

  it('keeps address and number in one form', () => {
    expect(parseSignUp({ ...valid, email: ' Ada@RunAm.TEST ', phone: '+234 (801) 234-56.78' })).toEqual({
      ...valid,
      phone: '+2348012345678',
    });
    expect(parseSignUp({ ...valid, phone: null }).phone).toBeNull();
    expect(parseSignUp(valid).phone).toBeNull();
  });

  it('tells every fault at once, each with its field, and never repeats the password', () => {
    const faulty = { email: 'ada', password: 'secret', displayName: ' ', phone: '0801', role: 'ADMIN' };
    const error = faultOf(() => parseSignUp(faulty as unknown as SignUpInput));
    expect(error.code).toBe('BAD_INPUT');
    expect(error.fields.map(({ path }) => path)).toEqual([
      'input.email',
      'input.password',
      'input.displayName',
      'input.phone',
      'input.role',
    ]);
    expect(JSON.stringify([error.message, error.fields])).not.toContain('secret');
  });

  it('counts 10 to 128 characters of a password and 1 to 60 of a name, an emoji as one', () => {
    const lengths = (password: string, displayName: string) => () => parseSignUp({ ...valid, password, displayName });
    expect(lengths('x'.repeat(10), 'n')).not.toThrow();
    expect(lengths('🔑'.repeat(128), '🏃'.repeat(60))).not.toThrow();
    expect(lengths('x'.repeat(9), 'n')).toThrow('input.password: must have 10 to 128 characters.');
    expect(lengths('x'.repeat(129), 'n')).toThrow('input.password');
    expect(lengths('x'.repeat(10), 'n'.repeat(61))).toThrow('input.displayName');
    expect(lengths('x'.repeat(10), 'two\nlines')).toThrow('one line');
  });
});

describe('a profile patch', () => {
  it('keeps apart what is left out and what is emptied', () => {
    expect(parseProfilePatch({ bio: null, homeArea: ' Yaba ' })).toEqual({ bio: null, homeArea: 'Yaba' });
  });

  it('refuses an emptied name, a picture that is not https, a long text, and nothing at all', () => {
    const emptied = { displayName: null } as unknown as { displayName: string };
    expect(() => parseProfilePatch(emptied)).toThrow('input.displayName');
    expect(() => parseProfilePatch({ avatarUrl: 'javascript:alert(1)' })).toThrow('input.avatarUrl: must be an https');
    expect(() => parseProfilePatch({ avatarUrl: 'http://img.example/a.png' })).toThrow('input.avatarUrl');
    expect(() => parseProfilePatch({ bio: 'x'.repeat(501) })).toThrow('input.bio');
    expect(() => parseProfilePatch({ homeArea: 'x' })).toThrow('input.homeArea: must have 2 to 80');
    expect(() => parseProfilePatch({})).toThrow('nothing to change');
  });
});

function faultOf(work: () => unknown): { code: string; message: string; fields: readonly { path: string }[] } {
  try {
    work();
  } catch (error) {
    return error as { code: string; message: string; fields: readonly { path: string }[] };
  }
  throw new Error('nothing was refused');
}
