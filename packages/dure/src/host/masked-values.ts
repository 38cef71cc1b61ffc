import type { Schema } from '@dure/core';
import type { AnyCommand } from '@dure/messaging';
import { personalMarks } from '@dure/messaging';

/** What stands in place of a value that operators need not see. */
export const mask = '***';

/** Names of fields that are sensitive in commands, or personal in schemas; both with what a field within a field is called. */
export function namesToMask(
  commands: readonly AnyCommand[],
  schemas: readonly Schema<unknown, unknown>[],
): ReadonlySet<string> {
  const all = [...schemas, ...commands.flatMap(({ input, output }) => [input, output ?? []].flat())];
  return new Set([
    ...commands.flatMap(({ sensitive }) => sensitive.map((path) => path.slice(path.lastIndexOf('.') + 1))),
    ...all.flatMap((schema) => Object.keys(personalMarks(schema)?.masked ?? {})),
  ]);
}

/** A value without what fields of these names say, wherever they are. */
export function withMasks(value: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withMasks(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, names.has(name) ? mask : withMasks(inner, names)]),
  );
}

/** What was masked stands where it stood, so that somebody who may not see it can correct the rest. */
export type Unmasked = { readonly value: unknown } | { readonly missing: string };

/**
 * A value that was shown with masks and changed since: fields that still are a mask have again what they had. `missing` is the path of one that
 * had nothing: it is new, or in a list of another length, where nobody can tell whose it was.
 */
export function withoutMasks(changed: unknown, before: unknown, names: ReadonlySet<string>, path = 'data'): Unmasked {
  if (typeof changed !== 'object' || changed === null) return { value: changed };
  const isList = Array.isArray(changed);
  const known = Array.isArray(before) === isList && typeof before === 'object' && before !== null ? before : {};
  const isSame = !isList || changed.length === (known as readonly unknown[]).length;
  const restored: [string, unknown][] = [];
  for (const [name, value] of Object.entries(changed)) {
    const place = isList ? `${path}[${name}]` : `${path}.${name}`;
    const had = isSame && Object.hasOwn(known, name) ? (known as Readonly<Record<string, unknown>>)[name] : undefined;
    const inner = names.has(name) && value === mask ? had : value;
    if (inner === undefined) return { missing: place };
    const whole = inner === value ? withoutMasks(value, had, names, place) : { value: inner };
    if ('missing' in whole) return whole;
    restored.push([name, whole.value]);
  }
  return { value: isList ? restored.map(([, value]) => value) : Object.fromEntries(restored) };
}
