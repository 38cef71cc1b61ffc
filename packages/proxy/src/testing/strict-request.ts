/** A request as RFC 9112 reads it; texts are latin-1, names of fields in lower case. */
export interface StrictRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Without the chunks' framing. */
  readonly body: string;
  readonly isChunked: boolean;
}

/** What a row of bytes is: whole requests, then nothing, a beginning of one, or what is none. */
export interface StrictReading {
  readonly requests: readonly StrictRequest[];
  /** What follows the whole requests. */
  readonly left: string;
  /** Why what is left cannot be the beginning of a request; undefined when it can, or nothing is left. */
  readonly wrong: string | undefined;
}

const tchar = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const requestLine = new RegExp(`^(${tchar}+) +([\\x21-\\x7e]+) +(?:HTTP|RTSP)/(1\\.[01])$`);
const fieldLine = new RegExp(
  `^(${tchar}+):[ \\t]*((?:[\\x21-\\x7e\\x80-\\xff](?:[\\t\\x20-\\x7e\\x80-\\xff]*[\\x21-\\x7e\\x80-\\xff])?)?)[ \\t]*$`,
);
const quoted = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const chunkLine = new RegExp(
  `^([0-9A-Fa-f]+)(?:[ \\t]*;[ \\t]*${tchar}*(?:[ \\t]*=[ \\t]*(?:${tchar}*|${quoted}))?)*$`,
);

const pchar = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})";
/** The query as browsers write it (WHATWG URL), which is RFC 3986 and a few characters more. */
const query = "(?:\\?(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@/?[\\]{}|^`\\\\]|%[0-9A-Fa-f]{2})*)?";
const host = "(?:\\[[0-9A-Fa-f:.]+\\]|(?:[A-Za-z0-9\\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?";
const originForm = new RegExp(`^(?:/${pchar}*)+${query}$`);
const absoluteForm = new RegExp(`^[A-Za-z][A-Za-z0-9+\\-.]*://(${host})(?:/${pchar}*)*${query}$`);
const hostField = new RegExp(`^${host}$`);

/**
 * Reads what was sent by the grammar of RFC 9112 and nothing else, as the judge of what a proxy lets through. It shares no
 * code with the product. Two ways to state a body's length, which a recipient may repair (§6.3), are wrong here. What
 * Node.js's parser forgives and does not tell of is right, for nothing of it goes on: line ends before a request (§2.2),
 * also bare ones, more than one space in its line (§3), RTSP for HTTP, a chunk extension without a name or value.
 */
export function readStrictly(bytes: string): StrictReading {
  const requests: StrictRequest[] = [];
  let left = bytes;
  for (;;) {
    left = left.replace(/^[\r\n]+/, '');
    if (left === '') return { requests, left, wrong: undefined };
    const read = readOne(left);
    if (read === undefined || typeof read === 'string') return { requests, left, wrong: read };
    requests.push(read.request);
    left = left.slice(read.length);
  }
}

/** What was read, why it is wrong, or undefined: it is not all there yet. */
export type StrictRead<T> = T | string | undefined;

function readOne(text: string): StrictRead<{ readonly request: StrictRequest; readonly length: number }> {
  const lineEnd = text.indexOf('\r\n');
  const [line = '', method = '', target = '', version = ''] =
    requestLine.exec(lineEnd < 0 ? text : text.slice(0, lineEnd)) ?? [];
  if (lineEnd < 0) return /[^\t -~\r]|\r(?!$)/.test(text) ? 'request line' : undefined;
  if (line === '' || !isTarget(method, target)) return 'request line';
  const head = readFields(text, lineEnd + 2);
  if (head === undefined || typeof head === 'string') return head;
  const framing = framingOf(version, head.fields);
  if (typeof framing === 'string') return framing;
  const request = { method, target, version, fields: head.fields, isChunked: framing.length === undefined };
  if (framing.length !== undefined) {
    const length = head.end + framing.length;
    if (text.length < length) return undefined;
    return { request: { ...request, body: text.slice(head.end, length) }, length };
  }
  const chunks = readChunks(text, head.end);
  if (chunks === undefined || typeof chunks === 'string') return chunks;
  return { request: { ...request, body: chunks.body }, length: chunks.end };
}

function isTarget(method: string, target: string): boolean {
  if (target === '*') return method === 'OPTIONS';
  return method !== 'CONNECT' && (originForm.test(target) || absoluteForm.test(target));
}

export interface StrictFields {
  readonly fields: readonly (readonly [string, string])[];
  readonly end: number;
}

/** Field lines up to and with the empty line. */
export function readFields(text: string, from: number): StrictRead<StrictFields> {
  const fields: (readonly [string, string])[] = [];
  for (let at = from; ; ) {
    const end = text.indexOf('\r\n', at);
    const line = end < 0 ? text.slice(at) : text.slice(at, end);
    if (end === at) return { fields, end: end + 2 };
    if (end < 0) return /[^\t -~\x80-\xff\r]|\r(?!$)/.test(line) ? 'field' : undefined;
    const [, name, value = ''] = fieldLine.exec(line) ?? [];
    if (name === undefined) return 'field';
    fields.push([name.toLowerCase(), value]);
    at = end + 2;
  }
}

/** The body's length; undefined for chunks. */
function framingOf(version: string, fields: StrictFields['fields']): { readonly length: number | undefined } | string {
  const values = (name: string) => fields.filter(([known]) => known === name).map(([, value]) => value);
  const [hosts, lengths, codings] = [values('host'), values('content-length'), values('transfer-encoding')];
  if (hosts.length > 1 || (hosts.length === 0 && version === '1.1')) return 'host';
  if (hosts.some((value) => !hostField.test(value))) return 'host';
  if (lengths.length + codings.length > 1) return 'framing';
  if (codings.length === 1)
    return codings[0]?.toLowerCase() === 'chunked' && version === '1.1' ? { length: undefined } : 'coding';
  if (lengths.length === 0) return { length: 0 };
  return /^\d+$/.test(lengths[0] ?? '') ? { length: Number(lengths[0]) } : 'length';
}

/** A chunked body, with its trailers. */
export function readChunks(text: string, from: number): StrictRead<{ readonly body: string; readonly end: number }> {
  let body = '';
  for (let at = from; ; ) {
    const end = text.indexOf('\r\n', at);
    const line = end < 0 ? text.slice(at) : text.slice(at, end);
    if (end < 0) return /[^\t -~\x80-\xff\r]|\r(?!$)/.test(line) ? 'chunk' : undefined;
    const size = Number.parseInt(chunkLine.exec(line)?.[1] ?? 'none', 16);
    if (Number.isNaN(size)) return 'chunk';
    at = end + 2;
    if (size === 0) {
      const trailers = readFields(text, at);
      return typeof trailers === 'object' ? { body, end: trailers.end } : trailers;
    }
    const after = text.slice(at + size, at + size + 2);
    if (!'\r\n'.startsWith(after)) return 'chunk';
    if (after.length < 2) return undefined;
    body += text.slice(at, at + size);
    at += size + 2;
  }
}
