import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { until } from './until.ts';

/** An HTTP/2 client that sends frames as they are told, right or wrong. */
export interface RawHttp2Client {
  readonly socket: TLSSocket;
  readonly isClosed: () => boolean;
  /** The frames received: type, flags, stream and payload. */
  readonly frames: readonly RawFrame[];
  send(type: number, flags: number, stream: number, payload?: Buffer): boolean;
  /** Sends a HEADERS frame with END_HEADERS; `fields` are names and values. */
  request(stream: number, fields: readonly (readonly [string, string])[], endStream?: boolean): void;
  /** Resolves when a stream was answered, refused or the connection ended. */
  settled(stream: number): Promise<void>;
}

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Connects by TLS and sends the preface and empty settings. */
export async function rawHttp2Client(port: number): Promise<RawHttp2Client> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  const frames: RawFrame[] = [];
  let closed = false;
  let pending = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('close', () => {
    closed = true;
  });
  socket.on('data', (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
      const end = 9 + pending.readUIntBE(0, 3);
      const [type = 0, flags = 0] = pending.subarray(3, 5);
      frames.push({ type, flags, stream: pending.readUInt32BE(5), payload: pending.subarray(9, end) });
      pending = pending.subarray(end);
    }
  });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  const send = (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(stream, 5);
    return socket.write(Buffer.concat([head, payload]));
  };
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  send(frameTypes.settings, 0, 0);
  const isSettled = (stream: number) =>
    frames.some((one) => one.stream === stream && (one.type === frameTypes.headers || one.type === frameTypes.reset));
  return {
    socket,
    isClosed: () => closed,
    frames,
    send,
    request: (stream, fields, endStream = true) =>
      void send(frameTypes.headers, endStream ? 5 : 4, stream, fieldBlock(fields)),
    settled: (stream) => until(`stream ${stream} is settled`, () => closed || isSettled(stream)),
  };
}

/** Literal fields without indexing and without Huffman coding (RFC 7541 §6.2.2). */
export function fieldBlock(fields: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, 'latin1');
    return Buffer.concat([lengthOf(bytes.length), bytes]);
  };
  return Buffer.concat(fields.map(([name, value]) => Buffer.concat([Buffer.from([0]), text(name), text(value)])));
}

function lengthOf(length: number): Buffer {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let left = length - 127;
  for (; left >= 128; left >>= 7) bytes.push((left & 127) | 128);
  return Buffer.from([...bytes, left]);
}
