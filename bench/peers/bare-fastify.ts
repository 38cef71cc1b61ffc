import fastify from 'fastify';

const app = fastify();
const schema = {
  params: { type: 'object', properties: { sku: { type: 'string' } } },
  response: {
    200: {
      type: 'object',
      properties: {
        sku: { type: 'string' },
        left: { type: 'integer' },
        reserved: { type: 'integer' },
        sold: { type: 'integer' },
      },
    },
  },
};
app.get<{ Params: { sku: string } }>('/stock/:sku', { schema }, async ({ params }) => ({
  sku: params.sku,
  left: 5,
  reserved: 1,
  sold: 2,
}));
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.once('SIGTERM', () => process.exit(0));
process.send?.({ port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
