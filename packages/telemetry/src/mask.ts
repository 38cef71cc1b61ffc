import { isDureError, isRefusal, messageOf } from '@dure/core';

const secretKey = /passw|secret|token|authorization|cookie|credential|api[-_]?key|private[-_]?key/i;
const verdicts = new Map<string, boolean>();
const maxDepth = 6;
const maxItems = 100;
const maxText = 8_192;

/** What stands in place of a secret. */
export const masked = '***';

/** Whether a field of this name is taken to hold a secret. */
export function isSecretKey(key: string): boolean {
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = secretKey.test(key);
  if (verdicts.size < 2_000) verdicts.set(key, verdict);
  return verdict;
}

/** Text without the passwords of URLs, without bearer tokens and not longer than 8 192 characters. */
export function maskText(text: string): string {
  let safe = text;
  if (safe.includes('://')) safe = safe.replace(/(:\/\/[^\s/:@]*:)[^\s/]+@/g, `$1${masked}@`);
  if (safe.includes('eyJ')) safe = safe.replace(/\beyJ[\w-]{10,}\.[\w-]+\.[\w-]*/g, masked);
  if (/bearer|basic/i.test(safe)) safe = safe.replace(/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${masked}`);
  return safe.length > maxText ? `${safe.slice(0, maxText)}… (${safe.length} characters)` : safe;
}

/** A value as plain JSON data: secrets masked, errors spelled out, cycles and depths cut, undefined left out. */
export function plain(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return maskText(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'bigint':
    case 'symbol':
      return String(value);
    case 'function':
      return `[function ${value.name}]`;
    case 'undefined':
      return undefined;
    case 'object':
      return value === null ? null : plainObject(value, depth);
  }
}

function plainObject(value: object, depth: number): unknown {
  if (value instanceof Error) return plainError(value, depth);
  if (depth >= maxDepth) return Array.isArray(value) ? '[…]' : '{…}';
  if (Array.isArray(value)) {
    const items = value.slice(0, maxItems).map((item) => plain(item, depth + 1) ?? null);
    return value.length > maxItems ? [...items, `… (${value.length} items)`] : items;
  }
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Map) return plainObject(Object.fromEntries(value), depth);
  if (value instanceof Set) return plainObject([...value], depth);
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return plain(ownForm(value as { toJSON(): unknown }), depth + 1);
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (entries.length >= maxItems) break;
    const safe = item === undefined ? undefined : isSecretKey(key) ? masked : plain(item, depth + 1);
    if (safe !== undefined) entries.push([key, safe]);
  }
  return Object.fromEntries(entries);
}

/** What a value shows of itself: a configuration leaves out its secrets. */
function ownForm(value: { toJSON(): unknown }): unknown {
  try {
    return value.toJSON();
  } catch {
    return '{…}';
  }
}

/** An error as plain data: code, message, details and causes; a stack only where it points at a defect. */
export function plainError(error: unknown, depth = 0): Readonly<Record<string, unknown>> {
  const message = maskText(messageOf(error));
  if (!(error instanceof Error)) return { type: typeof error, message };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const details =
    isDureError(error) && Object.keys(error.details).length > 0 ? plain(error.details, depth + 1) : undefined;
  const defect = !isRefusal(error) && (!isDureError(error) || error.kind === 'internal');
  return {
    type: error.name,
    ...code,
    message,
    ...(details === undefined ? {} : { details }),
    ...(error.cause === undefined || depth >= maxDepth ? {} : { cause: plainError(error.cause, depth + 1) }),
    ...(defect && depth === 0 && error.stack !== undefined ? { stack: maskText(error.stack) } : {}),
  };
}
