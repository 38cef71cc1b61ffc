import { withField } from '../http/field-lines.ts';
import type { StoredAnswer } from './stored-answer.ts';

const conditions = /^(?:if-none-match|if-modified-since|if-range|range):/i;

/** The lines of a request without what makes the answer depend on what the client has. */
export function unconditionalFields(lines: string): string {
  return lines
    .split('\r\n')
    .filter((line) => !conditions.test(line))
    .join('\r\n');
}

/** The lines of a request that asks whether a stored answer is still good (RFC 9111 §4.3.1). */
export function conditionalFields(lines: string, { etag, lastModified }: StoredAnswer): string {
  const plain = unconditionalFields(lines);
  const tagged = etag === undefined ? plain : withField(plain, 'if-none-match', etag);
  return lastModified === undefined ? tagged : withField(tagged, 'if-modified-since', lastModified);
}
