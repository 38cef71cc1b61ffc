/** Which bytes of a body are wanted: the first, and the one after the last. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads `Range` for a body of a length (RFC 9110 §14.1.2). Undefined when the whole is to be sent: another unit, several
 * ranges, or no range at all by the grammar; `unsatisfiable` when no byte of the body is in it.
 */
export function byteRange(value: string, length: number): ByteRange | 'unsatisfiable' | undefined {
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(value);
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return undefined;
    const count = Math.min(Number(last), length);
    return count === 0 ? 'unsatisfiable' : { from: length - count, to: length };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return undefined;
  if (from >= length) return 'unsatisfiable';
  return { from, to: last === '' ? length : Math.min(Number(last) + 1, length) };
}
