import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { plainAnswer } from './scripted-upstream.ts';
import type { StrictRequest } from './strict-request.ts';
import { readStrictly } from './strict-request.ts';

/** An instance that reads strictly what it gets and answers by a script, by default with the target: `for /things/7`. */
export interface RecordingUpstream extends AsyncDisposable {
  readonly port: number;
  /** The requests that arrived, in their order; whoever has looked at them may remove them. */
  readonly arrived: StrictRequest[];
  /** What arrived that is no request. */
  readonly wrong: readonly string[];
  readonly connections: number;
}

const targetAnswer = ({ target }: StrictRequest): string => plainAnswer(`for ${target}`);

/** Listens on a port of its own. What ends after its answer says so with `connection: close`. */
export async function recordingUpstream(answer = targetAnswer): Promise<RecordingUpstream> {
  const wrong: string[] = [];
  const arrived: StrictRequest[] = [];
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
        arrived.push(request);
        const bytes = answer(request);
        if (/^connection: close\r$/im.test(bytes)) socket.end(bytes, 'latin1');
        else socket.write(bytes, 'latin1');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    arrived,
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
