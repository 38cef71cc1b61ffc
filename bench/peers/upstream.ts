import { createServer } from 'node:http';

const body = JSON.stringify({ sku: 'A-1', left: 5, reserved: 1, sold: 2, note: 'x'.repeat(110) });
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
});
process.once('SIGTERM', () => process.exit(0));
