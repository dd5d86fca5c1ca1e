import type { Model } from '../../src/db/index.js';

export type Row = Readonly<Record<string, unknown>>;
export type SampleRows = Readonly<Record<Model, Row>>;
/** Makes a row that names some of the others. */
export type RowMakers = Partial<Record<Model, (others: SampleRows) => Row>>;

export const at = new Date('2026-01-01T00:00:00Z');
export const times = { createdAt: at, updatedAt: at };
export const small = () => Math.floor(Math.random() * 30_000);
