import { describe, expect, it } from 'vitest';
import { scopedIdentity } from '../../src/graphql/caching/scope.js';
import type { Role, Viewer } from '../../src/kernel/index.js';

const viewer = (...roles: readonly Role[]): Viewer =>
  ({ kind: 'user', tenantId: 't', userId: 'u', sessionId: 's', roles: new Set(roles) }) as Viewer;

describe('what an entry answers', () => {
  it('depends on the roles its viewer was taken to have, in whatever order they were read', () => {
    const of = (who: Viewer) => scopedIdentity('viewer', who, { id: '1' });
    expect(of(viewer('CUSTOMER', 'ADMIN'))).toBe(of(viewer('ADMIN', 'CUSTOMER')));
    expect(of(viewer('CUSTOMER'))).not.toBe(of(viewer('CUSTOMER', 'ADMIN')));
    expect(of(viewer('CUSTOMER'))).not.toBe(scopedIdentity('viewer', viewer('CUSTOMER'), { id: '2' }));
  });

  it.each(['tenant', 'everyone'] as const)('does not depend on the viewer where the entry is shared: %s', (scope) => {
    const of = (who: Viewer) => scopedIdentity(scope, who, { id: '1' });
    expect(of(viewer('CUSTOMER'))).toBe(of(viewer('ADMIN')));
  });
});
