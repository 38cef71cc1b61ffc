import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { plainAnswer } from './scripted-upstream.ts';
import type { StrictRequest } from './strict-request.ts';
import { readStrictly } from './strict-request.ts';

/** An instance that reads strictly what it gets and answers each request with its own target: `for /things/7`. */
export interface RecordingUpstream extends AsyncDisposable {
  readonly port: number;
  /** The requests that arrived, by path and query. */
  readonly requests: ReadonlyMap<string, readonly StrictRequest[]>;
  /** What arrived that is no request. */
  readonly wrong: readonly string[];
  readonly connections: number;
}

/** Listens on a port of its own. */
export async function recordingUpstream(): Promise<RecordingUpstream> {
  const wrong: string[] = [];
  const requests = new Map<string, StrictRequest[]>();
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    let left = '';
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      const read = readStrictly(left + bytes.toString('latin1'));
      left = read.left;
      if (read.wrong !== undefined) wrong.push(`${read.wrong}: ${JSON.stringify(left.slice(0, 300))}`);
      for (const request of read.requests) {
        requests.set(request.target, [...(requests.get(request.target) ?? []), request]);
        socket.write(plainAnswer(`for ${request.target}`));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    wrong,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
