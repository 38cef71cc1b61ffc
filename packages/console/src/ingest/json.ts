/** Readers for JSON of unknown shape: what does not fit is undefined, never an error. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An object that is not a list. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** A list. */
export function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? (value as readonly unknown[]) : undefined;
}

/** A text, cut to a length. */
export function asText(value: unknown, longest = 300): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.length > longest ? `${value.slice(0, longest)}…` : value;
}

/** Hexadecimal digits in lower case, of one of the lengths, not all zero. */
export function asHexId(value: unknown, length: number): string | undefined {
  if (typeof value !== 'string' || value.length !== length || !/^[0-9a-fA-F]+$/.test(value)) return undefined;
  return /^0+$/.test(value) ? undefined : value.toLowerCase();
}
