import proxy from '@fastify/http-proxy';
import fastify from 'fastify';

const [upstream, prefix = '/stock'] = process.argv.slice(2);
const app = fastify();
await app.register(proxy, { upstream: `http://127.0.0.1:${upstream}`, prefix, rewritePrefix: prefix });
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.once('SIGTERM', () => process.exit(0));
process.send?.({ port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
