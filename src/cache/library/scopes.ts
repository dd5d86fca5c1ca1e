/**
 * The names by which operators clear, next to `type:<type>` and `tenant:<tenant>` of the engine, and how the keys of a tenant are
 * spelt. A scope is carried by every entry in it, so that clearing is one bump, however many entries there are.
 */
export const scopes = {
  alias: (alias: string) => `alias:${alias}`,
  tenantAlias: (tenant: string, alias: string) => `tenant_alias:${encodeURIComponent(tenant)}:${alias}`,
  tenantType: (tenant: string, type: string) => `tenant_type:${encodeURIComponent(tenant)}:${type}`,
  /** One entry of the library face, by its alias and its key there. */
  key: (alias: string, key: string) => `key:${alias}:${key}`,
} as const;

/** What the keys of a tenant's entries begin with. No other key does. */
export function tenantPrefix(tenant: string): string {
  return `t:${encodeURIComponent(tenant)}:`;
}

/** Of an entry that is read or put under `alias`. */
export function scopesOf(alias: string, type: string, tenant: string | undefined): readonly string[] {
  if (tenant === undefined) return [scopes.alias(alias)];
  return [scopes.alias(alias), scopes.tenantAlias(tenant, alias), scopes.tenantType(tenant, type)];
}
