import type { JsonSchema, SchemaIssue, SchemaResult } from '@dure/core';
import { jsonSchemaOf } from '@dure/core';
import type { AnySchema } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { partMarkSchema } from './part-mark.ts';

/** A page's own output with the field `parts` beside its fields. */
export function pageOutput(path: string, output: AnySchema, names: readonly string[]): AnySchema {
  const written = (direction: 'input' | 'output') =>
    withParts(jsonSchemaOf(output, direction, `the page ${path}`), names);
  const { type, properties = {} } = jsonSchemaOf(output, 'output', `the page ${path}`);
  if (type !== 'object' || 'parts' in (properties as object))
    throw serviceErrors.COMPOSITION_INVALID(
      `the page ${path}: its \`output\` must be an object without a field "parts", which says what became of its parts`,
    );
  return {
    '~standard': {
      version: 1,
      vendor: 'dure',
      validate: (value) => validate(output, names, value),
      jsonSchema: { input: () => written('input'), output: () => written('output') },
    },
  };
}

function withParts(
  { properties, required = [], ...rest }: JsonSchema,
  names: readonly string[],
): Record<string, unknown> {
  const marks = {
    type: 'object',
    description: 'What became of each part of the answer.',
    required: names,
    properties: Object.fromEntries(names.map((name) => [name, partMarkSchema])),
  };
  return {
    ...rest,
    properties: { ...(properties as object | undefined), parts: marks },
    required: [...(required as readonly string[]), 'parts'],
  };
}

function validate(
  output: AnySchema,
  names: readonly string[],
  value: unknown,
): SchemaResult<unknown> | Promise<SchemaResult<unknown>> {
  if (typeof value !== 'object' || value === null) return { issues: [{ message: 'a page is an object' }] };
  const { parts, ...own } = value as { readonly parts?: Readonly<Record<string, unknown>> };
  const unmarked = names.filter((name) => !isMark(parts?.[name]));
  const issues: SchemaIssue[] = unmarked.map((name) => ({
    path: ['parts', name],
    message: 'it says not what became of this part',
  }));
  if (issues.length > 0) return { issues };
  const checked = output['~standard'].validate(own);
  return checked instanceof Promise ? checked.then((one) => together(one, parts)) : together(checked, parts);
}

function together(checked: SchemaResult<unknown>, parts: unknown): SchemaResult<unknown> {
  return checked.issues === undefined ? { value: { ...(checked.value as object), parts } } : checked;
}

function isMark(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'status' in value && typeof value.status === 'string';
}
