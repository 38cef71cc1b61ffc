/** A frame of a WebSocket with a binary or text payload; a client's is masked. */
export function frame(payload: Buffer | string, isMasked = false): Buffer {
  const data = Buffer.from(payload);
  const mask = isMasked ? 0x80 : 0;
  const opcode = 0x80 | (typeof payload === 'string' ? 1 : 2);
  const key = isMasked ? Buffer.from([1, 2, 3, 4]) : Buffer.alloc(0);
  const body = isMasked ? Buffer.from(data.map((byte, index) => byte ^ (key[index % 4] ?? 0))) : data;
  return Buffer.concat([Buffer.from([opcode]), lengthOf(data.length, mask), key, body]);
}

function lengthOf(length: number, mask: number): Buffer {
  if (length < 126) return Buffer.from([mask | length]);
  if (length < 65_536) return Buffer.from([mask | 126, length >> 8, length & 0xff]);
  const long = Buffer.alloc(9);
  long[0] = mask | 127;
  long.writeUInt32BE(length, 5);
  return long;
}
