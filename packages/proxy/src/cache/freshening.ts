import { isSameTag } from './entity-tag.ts';
import type { FieldList } from './field-list.ts';
import { fieldNames, fieldsWhere, joinedValue } from './field-list.ts';
import type { StoredAnswer } from './stored-answer.ts';
import type { Arrival, AskedWith, StoringRules } from './storing.ts';
import { storing } from './storing.ts';

/** What the body that is kept was sent with, and stays true of it (RFC 9111 §3.2). */
const ofTheBody: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-type', 'content-range']);

/** A stored answer that the service has confirmed. */
export interface Freshened {
  readonly answer: StoredAnswer;
  /** Whether it may be kept further on. */
  readonly isKept: boolean;
}

/**
 * Whether a 304, or the answer to a HEAD, speaks of the stored answer (RFC 9111 §4.3.4, §4.3.5): none of the validators that
 * both have differs.
 */
export function isAbout(fields: FieldList, { etag, lastModified, body }: StoredAnswer, isHead: boolean): boolean {
  const newTag = joinedValue(fields, 'etag');
  const newDate = joinedValue(fields, 'last-modified');
  const length = isHead ? joinedValue(fields, 'content-length') : undefined;
  if (length !== undefined && Number(length) !== body.length) return false;
  if (newTag !== undefined && etag !== undefined) return isSameTag(newTag, etag);
  return newDate === undefined || lastModified === undefined || newDate === lastModified;
}

/** Brings a stored answer up to date with the fields of the answer that confirms it (RFC 9111 §3.2). */
export function freshened(
  stored: StoredAnswer,
  fields: FieldList,
  asked: AskedWith,
  arrival: Arrival,
  rules: StoringRules,
): Freshened {
  const named = fieldNames(fields);
  // Neither the age nor the date of the old answer says anything about the new one.
  const old = fieldsWhere(stored.fields, (name) => name !== 'date' && (ofTheBody.has(name) || !named.has(name)));
  const merged = [...old, ...fieldsWhere(fields, (name) => !ofTheBody.has(name))];
  const outcome = storing(asked, stored.status, merged, arrival, rules);
  if ('stored' in outcome) return { answer: { ...outcome.stored, body: stored.body }, isKept: true };
  return { answer: { ...stored, fields: fieldsWhere(merged, (name) => name !== 'age') }, isKept: false };
}
