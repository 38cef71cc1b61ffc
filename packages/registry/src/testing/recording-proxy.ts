import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before a server and remembers what it was asked. */
export interface RecordingProxy extends AsyncDisposable {
  readonly port: number;
  /** Method, path with query, status: `GET /eureka/apps/delta 200`. */
  readonly seen: readonly string[];
  /** How many of them are like this. */
  count(pattern: RegExp): number;
}

/** Passes everything on to a port of this machine; while nobody listens there, it breaks connections as that port would. */
export async function openRecordingProxy(to: number): Promise<RecordingProxy> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const { method = 'GET', url: path = '/', headers } = request;
    const onward = forward({ host: '127.0.0.1', port: to, path, method, headers }, (answer) => {
      seen.push(`${method} ${path} ${answer.statusCode}`);
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    count: (pattern) => seen.filter((line) => pattern.test(line)).length,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
