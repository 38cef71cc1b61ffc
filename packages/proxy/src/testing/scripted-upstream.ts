import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

/** An instance that answers by a script, byte for byte. */
export interface ScriptedUpstream extends AsyncDisposable {
  readonly port: number;
  /** What arrived on each connection, as latin-1, in the order of the connections. */
  readonly received: readonly string[];
  readonly sockets: readonly Socket[];
  close(): Promise<void>;
}

/**
 * Listens on a port of its own. `answer` is called with each piece that arrives, what has arrived on that connection so
 * far, and the connection.
 */
export async function scriptedUpstream(
  answer: (socket: Socket, sofar: string, connection: number) => void,
): Promise<ScriptedUpstream> {
  const received: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const connection = sockets.push(socket) - 1;
    received.push('');
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      received[connection] += bytes.toString('latin1');
      answer(socket, received[connection] ?? '', connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { port: (server.address() as AddressInfo).port, received, sockets, close, [Symbol.asyncDispose]: close };
}

/** A plain answer with a body. */
export function plainAnswer(body: string, status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
