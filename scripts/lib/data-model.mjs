/**
 * What the rest needs to know of Prisma's parsed schema (DMMF): tables, columns, and each relation from both of its ends.
 * @throws Error naming every relation without an explicit `onDelete`, and every implicit many-to-many relation: its table has
 * no model, so nobody could decide what its rows spoil
 */
export function dataModelOf({ models }) {
  const faults = models.flatMap((model) => relationFieldsOf(model).flatMap((field) => faultsOf(model, field, models)));
  if (faults.length > 0) throw new Error(`prisma/schema.prisma leaves open:\n${faults.join('\n')}`);
  return Object.fromEntries(models.map((model) => [model.name, shapeOf(model, models)]));
}

export function sourceOf(dataModel) {
  return `// Written by scripts/data-model.mjs from prisma/schema.prisma. Do not edit.\nexport const dataModel = ${JSON.stringify(dataModel, null, 2)} as const;\n`;
}

function faultsOf(model, field, models) {
  const name = `  ${model.name}.${field.name}`;
  if (field.isList && oppositeOf(model, field, models).isList) {
    return [
      `${name}: a many-to-many relation needs a model of its own for the rows between, so that their changes are watched.`,
    ];
  }
  if (!holdsKey(field) || field.relationOnDelete) return [];
  return [
    `${name}: say what becomes of a ${model.name} when its ${field.type} is deleted: @relation(..., onDelete: Cascade | Restrict | SetNull | SetDefault | NoAction).`,
  ];
}

function shapeOf(model, models) {
  const columns = model.fields.filter(({ kind }) => kind !== 'object').map((field) => [field.name, columnOf(field)]);
  const relations = relationFieldsOf(model).map((field) => [field.name, relationOf(model, field, models)]);
  return {
    table: model.dbName ?? model.name,
    key: model.primaryKey?.fields ?? model.fields.filter(({ isId }) => isId).map(({ name }) => name),
    columns: Object.fromEntries(columns),
    relations: Object.fromEntries(relations),
  };
}

function columnOf({ name, dbName, type, kind, isList, isRequired }) {
  return { name: dbName ?? name, type, isEnum: kind === 'enum', isList, isRequired };
}

function relationOf(model, field, models) {
  const opposite = oppositeOf(model, field, models);
  const holder = holdsKey(field) ? field : opposite;
  return {
    model: field.type,
    opposite: opposite.name,
    isList: field.isList,
    isRequired: field.isRequired,
    holdsKey: holder === field,
    key: holder.relationFromFields,
    references: holder.relationToFields,
    onDelete: holder.relationOnDelete,
    // What Prisma and its migrations take when the schema says nothing.
    onUpdate: holder.relationOnUpdate ?? 'Cascade',
  };
}

function relationFieldsOf({ fields }) {
  return fields.filter(({ kind }) => kind === 'object');
}

function oppositeOf(model, field, models) {
  const others = relationFieldsOf(models.find(({ name }) => name === field.type));
  return others.find(
    (other) => other.relationName === field.relationName && !(field.type === model.name && other.name === field.name),
  );
}

function holdsKey({ relationFromFields }) {
  return relationFromFields.length > 0;
}
