import type { FieldError } from '@dure/core';
import { isEncrypted } from '../cipher/encrypted-value.ts';
import { configErrors } from '../errors.ts';
import { nearest } from '../properties/nearest.ts';
import type { Bound, Unknown } from './bind.ts';
import { isSecretBound } from './bind.ts';
import { environmentPrefix } from './environment-source.ts';
import type { SchemaNode } from './schema-tree.ts';
import { leavesOf } from './schema-tree.ts';
import { mask } from './secret.ts';

/** A key that the schema does not know, with the nearest one that it does. */
export function unknownKey({ key, layer, place }: Unknown, root: SchemaNode): FieldError {
  const known = leavesOf(root).map((node) => node.path);
  const like = nearest(layer.isJoined ? key.replaceAll('_', '') : key.replaceAll('-', ''), known);
  const hint = like === undefined ? `known are ${known.slice(0, 10).join(', ') || 'none'}` : `did you mean ${like}?`;
  return { path: key, code: 'unknown', message: `${key} (${layer.layer}, ${place}): unknown key; ${hint}` };
}

/** A value that nobody has decrypted. */
export function cipherText({ path, layer, place, whyEncrypted = 'there is no keyring' }: Bound): FieldError {
  const key = path.join('.');
  const message = `${key} (${layer.layer}, ${place}): still encrypted; ${whyEncrypted}`;
  return { path: key, code: 'encrypted', message };
}

/** Whether a value is still encrypted, in the form of Spring's config server. What was decrypted may look like anything. */
export function isCipher({ value, isSecret }: Bound): boolean {
  return !isSecret && isEncrypted(value);
}

/** A value that the schema refuses, or that is missing. */
export function wrongValue(
  error: FieldError,
  winning: ReadonlyMap<string, Bound>,
  root: SchemaNode,
  service: string,
): FieldError {
  const bound =
    winning.get(error.path) ?? [...winning.values()].find(({ path }) => path.join('.').startsWith(`${error.path}.`));
  if (bound === undefined) {
    const variable = `${environmentPrefix(service)}${error.path
      .replaceAll('.', '_')
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase()}`;
    const message = `${error.path}: missing; set it in ${service}.yml or by ${variable} (${error.message})`;
    return { path: error.path, code: 'missing', message };
  }
  const value = isSecretBound(bound, root) ? mask : JSON.stringify(bound.value);
  const message = `${error.path} = ${value} (${bound.layer.layer}, ${bound.place}): ${error.message}${quoteHint(bound)}`;
  return { path: error.path, code: error.code, message };
}

function quoteHint({ value, node }: Bound): string {
  return typeof value !== 'string' && node.types.has('string') && node.types.size === 1 ? '; write it in quotes' : '';
}

/** All problems in one error. */
export function invalid(service: string, problems: readonly FieldError[]): Error {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const lines = problems.map(({ message }) => `\n  ${message}`).join('');
  return configErrors.INVALID(`the configuration of "${service}" has ${count}:${lines}`, {
    details: { service, errors: problems },
  });
}
