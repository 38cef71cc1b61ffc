import { headers } from '@dure/core';
import { bareValue, fieldKinds, hopByHop, tokens } from '../http/field-kinds.ts';

/** The body goes in chunks. */
export const chunked = -1;
/** The body ends with the connection. */
export const untilClose = -2;

/** The beginning of an answer, stripped of what concerns the upstream connection only. */
export interface ResponseHead {
  readonly status: number;
  /** Names and values in turn, as they came, in the form that `writeHead` takes. */
  readonly fields: string[];
  /** Length of the body in bytes, or `chunked`, or `untilClose`. */
  readonly bodyBytes: number;
  /** `Dure-Fallback`: whose answers were stood in for. */
  readonly fallback: string | undefined;
  /** `Dure-Position`: what was written. */
  readonly position: string | undefined;
  /** Whether the connection may be used again. */
  readonly keepAlive: boolean;
  /** How long the server keeps an idle connection, in milliseconds, as far as it says. */
  readonly idleMs: number | undefined;
}

/** An answer that is not HTTP, or not unambiguously so. */
export interface BadHead {
  readonly bad: string;
}

type Kind =
  | 'pass'
  | 'drop'
  | 'internal'
  | 'fallback'
  | 'position'
  | 'connection'
  | 'keep-alive'
  | 'content-length'
  | 'transfer-encoding';

const kindOf = fieldKinds<Kind>((name) => {
  if (name === 'connection' || name === 'keep-alive' || name === 'content-length' || name === 'transfer-encoding')
    return name;
  if (name === headers.position) return 'position';
  if (name.startsWith('dure-')) return name === headers.fallback ? 'fallback' : 'internal';
  return hopByHop.has(name) ? 'drop' : 'pass';
});

/**
 * Everything up to and with the empty line. The one pass says whether it is HTTP at all: no folded lines, no space
 * before a colon, no control characters. Every repetition begins with what its neighbour cannot, so time is linear.
 */
const wellFormed =
  /^HTTP\/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/;
const digits = /^\d{1,15}$/;

/** Reads the head of an answer to a request of the given method; `text` is latin-1 and ends with the empty line. */
export function readResponseHead(text: string, method: string): ResponseHead | BadHead {
  if (!wellFormed.test(text)) return { bad: 'the head is not well-formed' };
  const status = Number(text.slice(9, 12));
  const http11 = text.charCodeAt(7) === 0x31;
  const fields: string[] = [];
  let length = untilClose;
  let coding: string | undefined;
  let connection: string | undefined;
  let idleMs: number | undefined;
  let fallback: string | undefined;
  let position: string | undefined;
  let from = text.indexOf('\r\n') + 2;
  for (let end = text.indexOf('\r\n', from); end > from; from = end + 2, end = text.indexOf('\r\n', from)) {
    const colon = text.indexOf(':', from);
    const name = text.slice(from, colon);
    const value = bareValue(text.slice(colon + 1, end));
    switch (kindOf(name)) {
      case 'pass':
        fields.push(name, value);
        break;
      case 'fallback':
        fallback = fallback === undefined ? value : `${fallback}, ${value}`;
        break;
      case 'position':
        position = position === undefined ? value : `${position}, ${value}`;
        break;
      case 'content-length':
        if (length !== untilClose || !digits.test(value)) return { bad: 'its length is stated twice or is no number' };
        length = Number(value);
        if (status !== 204) fields.push(name, value);
        break;
      case 'transfer-encoding':
        coding = coding === undefined ? value.toLowerCase() : `${coding}, ${value}`;
        break;
      case 'connection':
        connection = connection === undefined ? value : `${connection}, ${value}`;
        break;
      case 'keep-alive':
        idleMs = idleOf(value);
        break;
      default:
    }
  }
  if (coding !== undefined && (coding !== 'chunked' || length !== untilClose || !http11)) {
    return { bad: 'its transfer coding is unknown or contradicts its length' };
  }
  const named = connection === undefined ? [] : tokens(connection);
  return {
    status,
    fields: named.length === 0 ? fields : withoutNamed(fields, named),
    bodyBytes: bodiless(status, method) ? 0 : coding === undefined ? length : chunked,
    fallback,
    position,
    keepAlive: http11 ? !named.includes('close') : named.includes('keep-alive'),
    idleMs,
  };
}

function bodiless(status: number, method: string): boolean {
  return method === 'HEAD' || status < 200 || status === 204 || status === 304;
}

/** A `Connection` field cannot take away what the client needs to read the answer. */
const kept: ReadonlySet<string> = new Set(['content-length', 'content-type', 'content-encoding', 'set-cookie']);

function withoutNamed(fields: string[], named: readonly string[]): string[] {
  const remaining: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const lower = name.toLowerCase();
    if (!named.includes(lower) || kept.has(lower)) remaining.push(name, fields[index + 1] ?? '');
  }
  return remaining;
}

function idleOf(value: string): number | undefined {
  const match = /(?:^|[,\s])timeout\s*=\s*(\d{1,6})/i.exec(value);
  return match === null ? undefined : Number(match[1]) * 1_000;
}
