import type { JsonSchema } from '@dure/core';
import { jsonSchemaOf } from '@dure/core';
import { isBytes } from './bytes.ts';
import type { AnyContract } from './contract.ts';
import { describedOperation, operationField } from './described-operation.ts';
import type { Access, AnySchema, HttpOperation } from './operation-spec.ts';

/** An OpenAPI 3.1 document, as plain data. */
export type OpenApi = Readonly<Record<string, unknown>>;

/** What stands at the head of a document. */
export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
  readonly servers?: readonly string[];
  /** Tells of each operation also what a gateway needs to know, as `x-dure-operation`. For the inside only. Default false. */
  readonly internals?: boolean;
}

/**
 * Writes the operations of contracts as one OpenAPI 3.1 document. CORE_SCHEMA_INEXPRESSIBLE when a schema has no form in
 * JSON Schema 2020-12, so that no contract promises what cannot be said.
 *
 * @example
 * openApi([user, product], { title: 'shop', version: '1' });
 */
export function openApi(contracts: readonly AnyContract[], info: OpenApiInfo): OpenApi {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const contract of contracts) {
    for (const operation of Object.values(contract.operations)) {
      const path = operation.path.replace(/:([a-zA-Z0-9]+)/g, '{$1}');
      paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation, info.internals === true) };
    }
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: { title: info.title, version: info.version },
    ...(info.servers === undefined ? {} : { servers: info.servers.map((url) => ({ url })) }),
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        session: { type: 'apiKey', in: 'cookie', name: 'dure_session' },
      },
    },
  };
}

function describe(operation: HttpOperation, internals: boolean): Record<string, unknown> {
  const { spec, service, name } = operation;
  const parameters = [
    ...parametersOf(operation, 'params', 'path'),
    ...parametersOf(operation, 'query', 'query'),
    ...keyParameter(operation),
  ];
  return {
    operationId: `${service}.${name}`,
    tags: [service],
    ...(spec.summary === undefined ? {} : { summary: spec.summary }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(spec.body === undefined
      ? {}
      : { requestBody: { required: true, content: content(spec.body, 'input', `${service}.${name} body`) } }),
    responses: responses(operation),
    ...(spec.fallback === undefined ? {} : { 'x-dure-fallback': spec.fallback }),
    ...(spec.rateLimit === undefined ? {} : { 'x-dure-rate-limit': { cost: operation.cost, ...spec.rateLimit } }),
    ...security(spec.access),
    ...(internals ? { [operationField]: describedOperation(operation) } : {}),
  };
}

function parametersOf(
  { spec, service, name }: HttpOperation,
  part: 'params' | 'query',
  where: 'path' | 'query',
): Record<string, unknown>[] {
  const schema = spec[part];
  if (schema === undefined) return [];
  const { properties, required } = jsonSchemaOf(schema, 'input', `${service}.${name} ${part}`);
  const names = Array.isArray(required) ? required : [];
  return Object.entries((properties ?? {}) as Record<string, JsonSchema>).map(([key, value]) => ({
    name: key,
    in: where,
    required: where === 'path' || names.includes(key),
    schema: value,
  }));
}

function keyParameter(operation: HttpOperation): Record<string, unknown>[] {
  if (operation.idempotent !== 'key') return [];
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: true,
      description: 'A fresh UUID for each new request; the same one on every retry.',
      schema: { type: 'string', maxLength: 200 },
    },
  ];
}

function responses({ spec, service, name }: HttpOperation): Record<string, unknown> {
  const status = spec.status ?? (spec.output === undefined ? 204 : 200);
  const media = spec.stream === true ? 'text/event-stream' : 'application/json';
  const byStatus = new Map<number, { codes: string[]; data: JsonSchema[] }>();
  for (const [code, refusal] of Object.entries(spec.refuses ?? {})) {
    const entry = byStatus.get(refusal.status) ?? { codes: [], data: [] };
    entry.codes.push(code);
    entry.data.push(strip(jsonSchemaOf(refusal.data, 'output', `${service}.${name} refusal ${code}`)));
    byStatus.set(refusal.status, entry);
  }
  const refusals = [...byStatus].map(([refused, { codes, data }]) => [
    String(refused),
    problem(codes.join(' or '), {
      allOf: [
        { $ref: '#/components/schemas/Problem' },
        { properties: { refusal: { enum: codes }, data: { anyOf: data } } },
      ],
    }),
  ]);
  return {
    [String(status)]: {
      description: 'Success',
      ...(spec.output === undefined
        ? {}
        : { content: content(spec.output, 'output', `${service}.${name} output`, media) }),
    },
    ...Object.fromEntries(refusals),
    default: problem('Any other failure', { $ref: '#/components/schemas/Problem' }),
  };
}

/** Raw bytes have no schema (OpenAPI 3.1, "Considerations for File Uploads"): their media type says it all. */
function content(
  schema: AnySchema,
  direction: 'input' | 'output',
  name: string,
  media = 'application/json',
): Record<string, unknown> {
  if (isBytes(schema)) return Object.fromEntries(schema.bytes.types.map((type) => [type, {}]));
  return { [media]: { schema: strip(jsonSchemaOf(schema, direction, name)) } };
}

function problem(description: string, schema: JsonSchema): Record<string, unknown> {
  return { description, content: { 'application/problem+json': { schema } } };
}

function security(access: Access): Record<string, unknown> {
  if (access === 'public') return {};
  // OpenAPI 3.1 §4.8.30: what is demanded beside the scheme is listed for every scheme, not for OAuth 2.0 only.
  const demanded = typeof access === 'object' && 'userScope' in access ? [access.userScope] : [];
  return { security: [{ bearer: demanded }, { session: demanded }] };
}

/** The dialect stands once, at the document's root. */
function strip({ $schema: _dialect, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    traceId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
    refusal: { type: 'string' },
    data: {},
  },
};
