import type { GatewaySettings } from '@dure/proxy/gateway';
import { named } from '@dure/proxy/gateway';
import { canary } from '@dure/proxy/traffic';

/** Instances of product that say `version: 2` are for browsers with this cookie; without such instances nobody notices. */
const beta = named(
  'Canary',
  canary({ stable: '1', canary: '2', cookie: { name: 'shop_beta', value: 'on' } }),
  'shop_beta',
);

/** What the shop's gateway does beside what the contracts say. */
export const gateway: GatewaySettings = {
  follow: ['user', 'product', 'inventory', 'order'], // a new operation of theirs needs no new gateway
  layers: {
    'product.listProducts': [beta],
    'product.getProduct': [beta],
  },
};
