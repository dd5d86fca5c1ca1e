import type { EventEmitter } from 'node:events';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQueryable,
} from '@prisma/driver-adapter-utils';
import { Pool, type PoolClient, types } from 'pg';

const { CHAR: innerChar, UUID: markerType } = types.builtins;

/**
 * The PostgreSQL driver adapter for the schema engine, which reads the system catalog. Single letters have the internal
 * type "char" there; the adapter does not know it, and the engine insists on it. So such columns are announced to the
 * adapter as a type that the catalog never has (uuid), and from there to the engine as what they are.
 */
export function createCatalogAdapter(databaseUrl: string): SqlMigrationAwareDriverAdapterFactory {
  const pool = new Pool({ connectionString: databaseUrl });
  pool.on('connect', (client) => markChars((client as PoolClient & { readonly connection: EventEmitter }).connection));
  const factory = new PrismaPg(pool, { disposeExternalPool: true });
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => withChars(await factory.connect()),
    connectToShadowDb: async () => withChars(await factory.connectToShadowDb()),
  };
}

function markChars(connection: EventEmitter): void {
  connection.prependListener('rowDescription', ({ fields }: { readonly fields: readonly { dataTypeID: number }[] }) => {
    for (const field of fields) if (field.dataTypeID === innerChar) field.dataTypeID = markerType;
  });
}

function withChars<Adapter extends SqlQueryable>(adapter: Adapter): Adapter {
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (query) => {
    const answer = await queryRaw(query);
    const columnTypes = answer.columnTypes.map((type) =>
      type === ColumnTypeEnum.Uuid ? ColumnTypeEnum.Character : type,
    );
    return { ...answer, columnTypes };
  };
  return adapter;
}
