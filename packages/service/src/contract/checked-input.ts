import type { FieldError } from '@dure/core';
import { check } from '@dure/core';
import { serviceErrors } from '../errors.ts';
import type { HttpOperation } from './operation-spec.ts';

const parts = ['params', 'query', 'body'] as const;

/** The parts of an input, by what of a request they come from. */
export type InputParts = { readonly [Part in (typeof parts)[number]]?: unknown };

/** What a contract declares of an operation's input, decoded, and nothing else. SERVICE_INPUT_INVALID names every field that does not fit. */
export function checkedInput(
  { service, name, spec }: Pick<HttpOperation, 'service' | 'name' | 'spec'>,
  given: InputParts,
): InputParts {
  const decoded: Record<string, unknown> = {};
  const errors: FieldError[] = [];
  for (const part of parts) {
    const schema = spec[part];
    if (schema === undefined) continue;
    const checked = check(schema, given[part], part);
    if (checked.ok) decoded[part] = checked.value;
    else errors.push(...checked.errors.map((error) => withoutValue(error, spec.sensitive)));
  }
  if (errors.length === 0) return decoded;
  const places = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw serviceErrors.INPUT_INVALID(`${service}.${name}: ${places}`, { details: { errors } });
}

/** A validator's own words may repeat the value. */
function withoutValue(error: FieldError, sensitive: readonly string[] = []): FieldError {
  const isSensitive = sensitive.some((path) => error.path === path || error.path.startsWith(`${path}.`));
  return isSensitive ? { ...error, message: 'does not fit the contract' } : error;
}
