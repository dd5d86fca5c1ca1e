import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '../../kernel/index.js';

const name = z.string().min(1).max(200);
const tenant = name;
const listed = z.string().transform((text) => text.split(',').map((part) => part.trim()));

export const scopeQuery = z.strictObject({ alias: name.optional() });
export const typesQuery = z.strictObject({ types: listed.optional() });
export const keysQuery = z.strictObject({
  pattern: name.optional(),
  alias: name.optional(),
  tenant: tenant.optional(),
  limit: z.coerce.number().optional(),
});
export const clearBody = z.strictObject({
  alias: name.optional(),
  tenant: tenant.optional(),
  type: name.optional(),
  tags: z.array(name).optional(),
  pattern: name.optional(),
});
export const warmBody = z.strictObject({ types: z.array(name).optional(), tenant: tenant.optional() });
export const explainBody = z.strictObject({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).optional(),
  operationName: name.optional(),
  asUser: name.optional(),
  tenant: tenant.optional(),
});

/** @throws AppError BAD_INPUT naming every part that is wrong */
export function queryOf<Value>(request: FastifyRequest, schema: z.ZodType<Value>): Value {
  return parsed(request.query, schema);
}

/** No body is an empty one. @throws AppError BAD_INPUT naming every part that is wrong */
export function bodyOf<Value>(request: FastifyRequest, schema: z.ZodType<Value>): Value {
  return parsed(request.body ?? {}, schema);
}

function parsed<Value>(given: unknown, schema: z.ZodType<Value>): Value {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const message = fields.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  throw new AppError('BAD_INPUT', message, { fields });
}
