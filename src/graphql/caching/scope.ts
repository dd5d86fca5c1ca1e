import type { Viewer } from '../../kernel/index.js';
import { canonicalJson, tags } from '../../invalidation/index.js';

/**
 * Who may be shown an entry. `viewer`: only the one it was loaded for, and no longer than their permissions stay as they
 * were. `tenant`: everyone in the market. `everyone`: all markets. Anything wider than `viewer` is a decision on the resolver.
 */
export type Scope = 'viewer' | 'tenant' | 'everyone';

export function scopedKey(scope: Scope, viewer: Viewer, family: string): string {
  switch (scope) {
    case 'everyone':
      return `all:${family}`;
    case 'tenant':
      return `t:${viewer.tenantId}:${family}`;
    case 'viewer':
      return `t:${viewer.tenantId}:v:${viewer.kind === 'user' ? viewer.userId : 'anonymous'}:${family}`;
  }
}

/**
 * What the entry answers. Who asks is settled before the entry is looked for: with a role that was granted or taken in
 * between, a load sees the old roles and the fence of its entry the new ones. So a viewer's own entry also says for which
 * roles it was loaded, and is none to the same person with others.
 */
export function scopedIdentity(scope: Scope, viewer: Viewer, args: unknown): string {
  return canonicalJson(scope === 'viewer' ? { args, roles: [...viewer.roles].toSorted() } : args);
}

export function scopeTags(scope: Scope, viewer: Viewer): readonly string[] {
  return scope === 'viewer' && viewer.kind === 'user' ? [tags.userPermissions(viewer.userId)] : [];
}
