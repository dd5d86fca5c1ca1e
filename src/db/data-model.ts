import { dataModel as generated } from './generated/data-model.js';
import type { Model } from './watched.js';

export type ReferentialAction = 'Cascade' | 'Restrict' | 'NoAction' | 'SetNull' | 'SetDefault';

/** A relation as one of its two models sees it; the foreign key is on one side only. */
export interface ModelRelation {
  /** The model on the other side, and the name of this relation there. */
  readonly model: Model;
  readonly opposite: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  /** Whether this model's rows carry the foreign key. */
  readonly holdsKey: boolean;
  /** The fields of the foreign key, and the fields of the other model that they name, in the same order. */
  readonly key: readonly string[];
  readonly references: readonly string[];
  /** What PostgreSQL does to the row with the key when the row it names is deleted, or gets another name. */
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
}

export interface ModelColumn {
  /** In the database. */
  readonly name: string;
  /** Prisma's scalar, or the name of the enum. */
  readonly type: string;
  readonly isEnum: boolean;
  readonly isList: boolean;
  readonly isRequired: boolean;
}

export interface ModelShape {
  readonly table: string;
  /** The fields of the primary key. */
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, ModelColumn>>;
  readonly relations: Readonly<Record<string, ModelRelation>>;
}

/**
 * prisma/schema.prisma as `prisma generate` parsed it. Generating fails when a relation does not say what becomes of its
 * rows, and compiling fails when a model is not decided in `watchedColumns`.
 */
export const dataModel: Readonly<Record<Model, ModelShape>> = generated;
