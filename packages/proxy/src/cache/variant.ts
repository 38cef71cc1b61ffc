import { headers, internalHeaderPrefix } from '@dure/core';
import { tokens } from '../http/field-kinds.ts';
import { fieldValues } from '../http/field-lines.ts';
import type { FieldList } from './field-list.ts';
import { joinedValue } from './field-list.ts';

/** What a request must have to be answered with an answer that names fields in `Vary` (RFC 9111 §4.1). */
export interface Variant {
  /** In lower case, each once. */
  readonly names: readonly string[];
  /** Their values in the request that was answered, in the one spelling that is compared. */
  readonly values: readonly string[];
}

const invariant: Variant = { names: [], values: [] };

/** Fields that the proxy takes out of a request or makes itself: what they hold cannot be compared. */
const unseen: ReadonlySet<string> = new Set([
  '*',
  'authorization',
  'cookie',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-prefix',
  'via',
  headers.traceparent,
  headers.tracestate,
  headers.baggage,
]);

/** Which requests an answer is for; undefined when only the one that was answered. */
export function variantOf(fields: FieldList, requestFields: string): Variant | undefined {
  const vary = joinedValue(fields, 'vary');
  if (vary === undefined) return invariant;
  const names = [...new Set(tokens(vary))];
  if (names.some((name) => unseen.has(name) || name.startsWith(internalHeaderPrefix))) return undefined;
  return { names, values: names.map((name) => comparable(requestFields, name)) };
}

/** Whether a request is one of those. */
export function isVariantFor({ names, values }: Variant, requestFields: string): boolean {
  return names.length === 0 || names.every((name, index) => comparable(requestFields, name) === values[index]);
}

/** Whether two are the same. */
export function isSameVariant(one: Variant, other: Variant): boolean {
  return (
    one.names.length === other.names.length &&
    one.names.every((name, index) => name === other.names[index] && one.values[index] === other.values[index])
  );
}

/**
 * A field of a request so that equal texts mean the same: lines joined, the space around commas taken away; languages, which
 * have no case, in lower case. A text with quotes in it is left as it is. Not to be there differs from being empty.
 */
function comparable(requestFields: string, name: string): string {
  const lines = fieldValues(requestFields, name);
  if (lines.length === 0) return '\n';
  const joined = lines.join(',');
  if (joined.includes('"')) return joined;
  const plain = joined.replaceAll(/[ \t]*,[ \t]*/g, ',').trim();
  return name === 'accept-language' ? plain.toLowerCase() : plain;
}
