import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { plainAnswer } from './scripted-upstream.ts';

/** An instance that keeps nothing of what it got. */
export interface ForgetfulUpstream extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open. */
  readonly open: number;
}

/** Answers every whole request without a body at once, but those for `/things/slow` never. */
export async function forgetfulUpstream(): Promise<ForgetfulUpstream> {
  const sockets = new Set<Socket>();
  const answer = plainAnswer('fine');
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      if (bytes.indexOf('\r\n\r\n') === bytes.length - 4 && !bytes.includes('/slow ')) socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
