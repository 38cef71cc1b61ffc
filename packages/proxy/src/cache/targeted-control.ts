import type { Directives } from './cache-control.ts';
import { splitList } from './cache-control.ts';
import type { FieldList } from './field-list.ts';
import { joinedValue } from './field-list.ts';

/** A member of a dictionary (RFC 8941 §3.2): a key and, after `=`, a bare item; parameters mean nothing here. */
const member =
  /^\s*([a-z*][a-z0-9_.*-]*)(?:=(-?\d{1,15}(?:\.\d{1,3})?|\?[01]|[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*|"(?:[^"\\]|\\["\\])*"|:[A-Za-z0-9+/=]*:))?(?:;[a-z*][^;,"]*)*\s*$/;
/** Directives whose value is a whole number of seconds. */
const counted: ReadonlySet<string> = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error']);

/**
 * The directives of the first of these fields that an answer has (RFC 9213): they stand instead of `Cache-Control` and
 * `Expires`. A field that is no dictionary, or gives a directive a value of the wrong type, counts as not there.
 */
export function targetedDirectives(fields: FieldList, targets: readonly string[]): Directives | undefined {
  for (const target of targets) {
    const value = joinedValue(fields, target);
    const directives = value === undefined || value.trim() === '' ? undefined : readDictionary(value);
    if (directives !== undefined) return directives;
  }
  return undefined;
}

function readDictionary(value: string): Directives | undefined {
  const directives = new Map<string, string>();
  for (const text of splitList(value) ?? ['']) {
    const match = member.exec(text);
    if (match === null) return undefined;
    const [, key = '', item = '?1'] = match;
    if (counted.has(key) && !/^\d+$/.test(item)) return undefined;
    if (item === '?0') directives.delete(key);
    else directives.set(key, item === '?1' ? '' : item.replaceAll('"', ''));
  }
  return directives;
}
