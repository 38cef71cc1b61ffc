import { inspect } from 'node:util';

/** A schema that can carry a note about itself, such as one of Zod's. */
interface Notable {
  meta(note: { readonly writeOnly: boolean }): unknown;
}

/**
 * Marks a value of a configuration schema as secret: messages, `explain` and a print of the configuration show `***`
 * in its place. In JSON Schema it is `writeOnly`.
 *
 * @example
 * const config = z.object({ apiKey: secret(z.string()) });
 */
export function secret<S extends Notable>(schema: S): S {
  return schema.meta({ writeOnly: true }) as S;
}

/** What is shown in place of a secret. */
export const mask = '***';

/**
 * Freezes a configuration and makes it print its secrets as `***`, in JSON and in Node's inspection. Reading a secret
 * by its name still gives its value.
 */
export function sealed<T>(value: T, isSecret: (path: readonly string[]) => boolean, path: readonly string[] = []): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const [key, child] of Object.entries(value)) sealed(child, isSecret, [...path, key]);
  const masked = () => shown(value, isSecret, path);
  if (!Array.isArray(value) && !Object.hasOwn(value, 'toJSON')) {
    Object.defineProperty(value, 'toJSON', { value: masked });
    Object.defineProperty(value, inspect.custom, { value: masked });
  }
  return Object.freeze(value);
}

function shown(value: object, isSecret: (path: readonly string[]) => boolean, path: readonly string[]): unknown {
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => {
    const at = [...path, key];
    if (isSecret(at)) return [key, mask];
    return [key, Array.isArray(child) ? shown(child, isSecret, at) : child];
  });
  return Array.isArray(value) ? entries.map(([, child]) => child) : Object.fromEntries(entries);
}
