import { coreErrors } from './errors.ts';

/**
 * A validator of any make (Standard Schema, https://standardschema.dev) that can also write itself as JSON Schema
 * (Standard JSON Schema). Zod 4 is one.
 */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: string }) => Record<string, unknown>;
      readonly output: (options: { readonly target: string }) => Record<string, unknown>;
    };
  };
}

/** What a validator says: a value, or what is wrong with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  /** A machine-readable name of the rule that was broken, where the validator has one. */
  readonly code?: string | undefined;
}

/** The type that goes into a schema. */
export type SchemaInput<S> = S extends Schema<infer Input, unknown> ? Input : never;
/** The type that comes out of a schema. */
export type SchemaOutput<S> = S extends {
  readonly '~standard': { readonly types?: { readonly output: infer O } | undefined };
}
  ? O
  : never;

/** JSON Schema 2020-12, the canonical form of every contract. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One field that does not fit: where, which rule, and in words. */
export interface FieldError {
  /** Dotted path from the root of the input: `body.lines.0.sku`. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** The outcome of `check`. */
export type Checked<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Validates a value. Only synchronous validators fit a contract: CORE_SCHEMA_ASYNC otherwise. */
export function check<Output>(
  schema: Schema<unknown, Output> | Schema<never, Output>,
  value: unknown,
  root = '',
): Checked<Output> {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) {
    throw coreErrors.SCHEMA_ASYNC(
      `the ${schema['~standard'].vendor} schema at "${root}" validates asynchronously; a contract's schema must not wait`,
    );
  }
  if (result.issues === undefined) return { ok: true, value: result.value };
  return { ok: false, errors: result.issues.map((issue) => fieldError(issue, root)) };
}

/** Writes a schema as JSON Schema 2020-12. CORE_SCHEMA_INEXPRESSIBLE when it cannot be. */
export function jsonSchemaOf(
  schema: Schema<never, unknown> | Schema,
  direction: 'input' | 'output',
  name: string,
): JsonSchema {
  const standard = schema['~standard'].jsonSchema;
  if (standard === undefined) {
    throw coreErrors.SCHEMA_INEXPRESSIBLE(
      `the schema of "${name}" (${schema['~standard'].vendor}) cannot write itself as JSON Schema; use a validator that implements Standard JSON Schema, such as Zod 4.2 or later`,
    );
  }
  try {
    return standard[direction]({ target: 'draft-2020-12' });
  } catch (cause) {
    throw coreErrors.SCHEMA_INEXPRESSIBLE(
      `the schema of "${name}" has no form in JSON Schema 2020-12: ${cause instanceof Error ? cause.message : String(cause)}; use plain JSON types (no Date, bigint or transform) in a contract`,
      { cause },
    );
  }
}

function fieldError(issue: SchemaIssue, root: string): FieldError {
  const keys = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part));
  const path = (root === '' ? keys : [root, ...keys]).join('.');
  return { path, code: issue.code ?? 'invalid', message: issue.message };
}
