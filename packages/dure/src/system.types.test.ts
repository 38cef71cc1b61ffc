import { contract, get } from '@dure/service/contract';
import { service } from '@dure/service/server';
import { invariant } from './invariant.ts';
import { edge, system } from './system.ts';

const product = contract('product', { list: get('/products', { access: 'public' }) });
const productService = service({ contract: product, start: () => ({ list: async () => undefined }) });

invariant('stock', {
  reads: ['inventory', 'order'],
  check: async ({ inventory, order }) => {
    const [row] = await inventory.rows<{ units: number }>('SELECT 1 AS units');
    await order.rows('SELECT 1');
    return { holds: true, figures: { units: row?.units ?? 0 } };
  },
});

invariant('stock', {
  reads: ['inventory'],
  // @ts-expect-error it reads a database that it does not declare
  check: async ({ payment }) => ({ holds: payment !== undefined, figures: {} }),
});

// @ts-expect-error a finding has figures
invariant('stock', { reads: ['inventory'], check: async () => ({ holds: true }) });

system('shop', { services: { product: async () => productService }, edge: edge({ expose: [product] }) });
// @ts-expect-error a service is loaded lazily
system('shop', { services: { product: productService }, edge: edge({ expose: [product] }) });
// @ts-expect-error a system has an edge
system('shop', { services: {} });
