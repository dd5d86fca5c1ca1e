import type { Model, Tx } from '../../src/db/index.js';
import { type Row, type SampleRows } from './sample-row.js';
import { errandRows } from './sample-rows.errands.js';
import { moneyRows } from './sample-rows.money.js';

export type { Row, SampleRows } from './sample-row.js';

type Delegates = Record<string, Record<string, (args: object) => Promise<unknown>>>;

/** Prisma's operations on a model, without the types that know the model. */
export function delegateOf(tx: Tx, model: Model): Record<string, (args: object) => Promise<unknown>> {
  return (tx as unknown as Delegates)[model[0]!.toLowerCase() + model.slice(1)]!;
}

/** In an order in which each row finds the rows it names. */
const makers = { ...errandRows, ...moneyRows } satisfies Record<Model, (others: SampleRows) => Row>;

/** A new row that the database accepts beside the ones it names. Its ids are its own. */
export function sampleRow(model: Model, others: SampleRows): Row {
  return makers[model](others);
}

/** Inserts one row of every model, each naming the others. @returns them, with what the database filled in */
export async function insertSamples(tx: Tx): Promise<SampleRows> {
  const rows: Partial<Record<Model, Row>> = {};
  for (const model of Object.keys(makers) as Model[]) {
    const data = sampleRow(model, rows as SampleRows);
    rows[model] = (await delegateOf(tx, model)['create']!({ data })) as Row;
  }
  return rows as SampleRows;
}
