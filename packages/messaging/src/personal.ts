import type { Schema, SchemaOutput } from '@dure/core';

/** What of an event's data says something of a person. */
export interface PersonalMarks {
  /** Whose data it is. */
  readonly subject: (data: never) => string;
  /** The fields, and what each reads as once the person is forgotten. */
  readonly masked: Readonly<Record<string, unknown>>;
}

/** Personal data that a message carries. */
export interface PersonalData {
  readonly subject: string;
  readonly fields: readonly string[];
}

const marked = new WeakMap<object, PersonalMarks>();

/**
 * Marks fields of an event's schema as personal data: in the log they are encrypted by a key of their subject, and read as
 * what `masked` says once that key is destroyed. The subject itself stays readable, so it is an id that says nothing.
 *
 * @example
 * event('user.registered', {
 *   schema: personal(z.object({ userId: z.string(), name: z.string() }), { subject: (d) => d.userId, masked: { name: '' } }),
 *   key: (d) => d.userId,
 * });
 */
export function personal<S extends Schema<unknown, unknown>>(
  schema: S,
  marks: {
    readonly subject: (data: SchemaOutput<S>) => string;
    readonly masked: Partial<SchemaOutput<S>>;
  },
): S {
  marked.set(schema, marks as PersonalMarks);
  return schema;
}

/** The marks of a schema; undefined when nothing in it is personal. */
export function personalMarks(schema: object): PersonalMarks | undefined {
  return marked.get(schema);
}

/** What of an event's data is personal, for whoever puts it into a buffer. */
export function personalData(schema: object, data: unknown): PersonalData | undefined {
  const marks = marked.get(schema);
  if (marks === undefined) return undefined;
  return { subject: marks.subject(data as never), fields: Object.keys(marks.masked) };
}
