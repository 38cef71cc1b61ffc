import { ServiceBroker } from 'moleculer';
import { moleculerOptions } from '../lib/moleculer-options.ts';

const [own = 0, other = 0] = process.argv.slice(2).map(Number);
const broker = new ServiceBroker(moleculerOptions('stock', own, 'caller', other));
broker.createService({
  name: 'stock',
  actions: {
    getStock: {
      params: { sku: 'string' },
      handler: async ({ params }: { params: { sku: string } }) => ({ sku: params.sku, left: 5, reserved: 1, sold: 2 }),
    },
  },
});
await broker.start();
process.once('SIGTERM', () => process.exit(0));
process.send?.({ port: own });
