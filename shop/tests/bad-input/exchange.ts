import { connect } from 'node:net';

/** What came back for one request. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
  /** Everything, as it came. */
  readonly text: string;
  /** From the last byte of the request to the last of the answer. */
  readonly tookMs: number;
}

const patienceMs = 10_000;

/** Sends bytes to a port of this machine and waits for one answer. */
export function exchange(port: number, request: Uint8Array): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let sentAt = 0;
    let heardAt = 0;
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.setTimeout(patienceMs, () => socket.destroy(new TypeError(`no answer within ${patienceMs} ms`)));
    socket.once('connect', () => {
      sentAt = performance.now();
      socket.write(request);
    });
    const finish = () => {
      socket.destroy();
      resolve({ ...parsed(Buffer.concat(pieces)), tookMs: heardAt - sentAt });
    };
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece);
      heardAt = performance.now();
      if (isWhole(Buffer.concat(pieces))) finish();
    });
    socket.once('end', finish);
    // A server that refuses may hang up before it has read everything: what it said before counts.
    socket.once('error', (error) => (pieces.length > 0 ? finish() : reject(error)));
  });
}

function isWhole(bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1];
  return length !== undefined && bytes.length >= end + 4 + Number(length);
}

function parsed(bytes: Buffer): Omit<RawAnswer, 'tookMs'> {
  const end = Math.max(bytes.indexOf('\r\n\r\n'), 0);
  const [first = '', ...rest] = bytes.toString('latin1', 0, end).split('\r\n');
  const fields: Record<string, string> = {};
  for (const line of rest) {
    const colon = line.indexOf(':');
    fields[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const sent = bytes.subarray(end + 4);
  const body = fields['transfer-encoding'] === 'chunked' ? unchunked(sent) : sent;
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  return { status, fields, body: body.toString('utf8'), text: bytes.toString('utf8') };
}

function unchunked(sent: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let from = 0; ; ) {
    const line = sent.indexOf('\r\n', from);
    const size = Number.parseInt(sent.toString('latin1', from, line), 16);
    if (!(size > 0)) return Buffer.concat(pieces);
    pieces.push(sent.subarray(line + 2, line + 2 + size));
    from = line + 4 + size;
  }
}
