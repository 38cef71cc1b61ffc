import proxy from '@fastify/http-proxy';
import fastify from 'fastify';

const app = fastify();
await app.register(proxy, {
  upstream: `http://127.0.0.1:${process.argv[2]}`,
  prefix: '/stock',
  rewritePrefix: '/stock',
});
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.once('SIGTERM', () => process.exit(0));
process.send?.({ port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
