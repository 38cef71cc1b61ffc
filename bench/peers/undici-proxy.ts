// The least that a proxy in Node.js does: node:http towards the client, undici's pool towards the upstream.
import { createServer } from 'node:http';
import { Pool } from 'undici';

const [upstream] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${upstream}`, { connections: 64, headersTimeout: 0, bodyTimeout: 0 });
const server = createServer((request, response) => {
  const { method = 'GET', url = '/', headers } = request;
  const body = method === 'GET' || method === 'HEAD' ? null : request;
  pool
    .stream(
      { method: method as 'GET', path: url, headers: forwarded(headers), body },
      ({ statusCode, headers: own }) => {
        response.writeHead(statusCode, own);
        return response;
      },
    )
    .catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
});
process.once('SIGTERM', () => process.exit(0));

function forwarded({ connection, host, ...rest }: Readonly<Record<string, string | string[] | undefined>>) {
  return rest as Record<string, string | string[]>;
}
