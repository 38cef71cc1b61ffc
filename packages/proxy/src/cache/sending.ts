import type { Answer } from '../engine/answer.ts';
import type { Asked } from './asked.ts';
import { sendBody } from './body-reader.ts';
import { byteRange } from './byte-range.ts';
import { isSameStrongTag, namesTag } from './entity-tag.ts';
import { fieldsWhere, joinedValue } from './field-list.ts';
import { readHttpDate } from './http-date.ts';
import type { StoredAnswer } from './stored-answer.ts';

/** For whom a stored answer is, and what is said about it. */
export interface Sending {
  readonly method: string;
  readonly asked: Asked;
  readonly ageMs: number;
  /** The value of `Cache-Status`. */
  readonly status: string;
  /** Wall time. */
  readonly now: number;
}

/** What a 304 and a 416 do not repeat: it describes a body that is not there. */
const ofTheBody: ReadonlySet<string> = new Set([
  'content-length',
  'content-type',
  'content-encoding',
  'content-language',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
]);
const bodiless: ReadonlySet<number> = new Set([204, 205]);

/** Answers with a stored answer: as it is, as the part of it that is wanted, or by saying that the client has it already. */
export function sendStored(answer: Answer, stored: StoredAnswer, sending: Sending): void {
  const { method, asked } = sending;
  if (stored.status === 200) {
    if (isUnchanged(stored, asked, sending.now)) {
      answer.begin(304, fieldsOf(stored, sending, false), 0);
      answer.end();
      return;
    }
    const { range } = asked;
    if (
      range !== undefined &&
      method === 'GET' &&
      mayBePart(stored, asked, sending.now) &&
      sendPart(answer, stored, range, sending)
    )
      return;
  }
  sendWhole(answer, stored, sending);
}

function sendWhole(answer: Answer, stored: StoredAnswer, sending: Sending): void {
  const { status, body } = stored;
  const fields = fieldsOf(stored, sending, true);
  const hasBody = sending.method !== 'HEAD' && !bodiless.has(status);
  if (!bodiless.has(status) && joinedValue(fields, 'content-length') === undefined)
    fields.push('content-length', String(body.length));
  answer.begin(status, fields, hasBody ? body.length : 0);
  if (hasBody) sendBody(answer, body);
  else answer.end();
}

/** False when the range asks for the whole after all. */
function sendPart(answer: Answer, stored: StoredAnswer, range: string, sending: Sending): boolean {
  const { body } = stored;
  const part = byteRange(range, body.length);
  if (part === undefined) return false;
  const isBad = part === 'unsatisfiable';
  const fields = fieldsOf(stored, sending, !isBad);
  const piece = isBad ? undefined : body.subarray(part.from, part.to);
  const length = piece?.length ?? 0;
  const sent = fieldsWhere(fields, (name) => name !== 'content-length');
  const where = isBad ? '*' : `${part.from}-${part.to - 1}`;
  sent.push('content-range', `bytes ${where}/${body.length}`, 'content-length', String(length));
  answer.begin(isBad ? 416 : 206, sent, length);
  if (piece === undefined) answer.end();
  else sendBody(answer, piece);
  return true;
}

/** RFC 9110 §13.2.2, as far as a cache evaluates it: `If-None-Match` before `If-Modified-Since`. */
function isUnchanged({ etag, fields }: StoredAnswer, asked: Asked, now: number): boolean {
  const { ifNoneMatch, ifModifiedSince } = asked;
  if (ifNoneMatch !== undefined) return namesTag(ifNoneMatch, etag);
  if (ifModifiedSince === undefined) return false;
  const since = readHttpDate(ifModifiedSince, now);
  const changed = joinedValue(fields, 'last-modified') ?? joinedValue(fields, 'date');
  const changedAt = changed === undefined ? undefined : readHttpDate(changed, now);
  return since !== undefined && changedAt !== undefined && changedAt <= since;
}

/** Whether a part goes with what the client has of it (RFC 9110 §13.1.5). */
function mayBePart(stored: StoredAnswer, { ifRange }: Asked, now: number): boolean {
  const { etag, lastModified } = stored;
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return etag !== undefined && isSameStrongTag(ifRange, etag);
  return ifRange === lastModified && isStrongDate(stored, now);
}

/** Within the second of its last change a thing may have changed again (RFC 9110 §8.8.2.2). */
function isStrongDate({ lastModified = '', fields }: StoredAnswer, now: number): boolean {
  const changedAt = readHttpDate(lastModified, now);
  const sentAt = readHttpDate(joinedValue(fields, 'date') ?? '', now);
  return changedAt !== undefined && sentAt !== undefined && sentAt - changedAt >= 1_000;
}

function fieldsOf(stored: StoredAnswer, { ageMs, status }: Sending, hasBody: boolean): string[] {
  const fields = hasBody ? stored.fields.slice() : fieldsWhere(stored.fields, (name) => !ofTheBody.has(name));
  fields.push('age', String(Math.floor(ageMs / 1_000)), 'cache-status', status);
  return fields;
}
