import type { StrictFields } from './strict-request.ts';
import { readChunks, readFields } from './strict-request.ts';

/** An answer as RFC 9112 reads it; texts are latin-1, names of fields in lower case. */
export interface StrictResponse {
  readonly status: number;
  readonly fields: StrictFields['fields'];
  readonly body: string;
}

const statusLine = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*\r\n/;

/** Reads the answers on a connection that is closed, to requests of the given methods; what else there is, is an error. */
export function readAnswers(bytes: string, methods: readonly string[]): readonly StrictResponse[] | string {
  const answers: StrictResponse[] = [];
  let left = bytes;
  for (const method of methods) {
    const [line, status] = statusLine.exec(left) ?? [];
    const head = line === undefined ? 'no answer' : readFields(left, line.length);
    if (typeof head !== 'object') return `${head}: ${JSON.stringify(left.slice(0, 300))}`;
    const values = (name: string) => head.fields.filter(([known]) => known === name).map(([, value]) => value);
    const [length, coding] = [values('content-length'), values('transfer-encoding')];
    let body = left.slice(head.end);
    let end = left.length;
    if (method === 'HEAD' || status === '204' || status === '304') {
      body = '';
      end = head.end;
    } else if (coding.length > 0) {
      const chunks = readChunks(left, head.end);
      if (typeof chunks !== 'object' || length.length > 0) return `${chunks}: ${JSON.stringify(left.slice(0, 300))}`;
      ({ body, end } = chunks);
    } else if (length.length > 0) {
      end = head.end + Number(length[0]);
      body = left.slice(head.end, end);
      if (length.length > 1 || end > left.length) return `truncated: ${JSON.stringify(left.slice(0, 300))}`;
    }
    answers.push({ status: Number(status), fields: head.fields, body });
    left = left.slice(end);
  }
  return left === '' ? answers : `more than the answers: ${JSON.stringify(left.slice(0, 300))}`;
}
