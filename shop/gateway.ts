import { cacheLayer, ResponseCache, sameForEverybody } from '@dure/proxy/cache';
import type { GatewaySettings } from '@dure/proxy/gateway';
import { named } from '@dure/proxy/gateway';
import { canary } from '@dure/proxy/traffic';

// region canary
/** Version 2 of product is for browsers with this cookie; while nobody tries it out, nobody notices. */
const beta = named('Canary', canary({ stable: '1', canary: '2', cookie: { name: 'shop_beta', value: '1' } }), 'beta');
// endregion

/** The catalogue may be a second old, and an hour while product does not answer. */
const catalogue = [
  named('SameForEverybody', sameForEverybody()),
  named('Cache', cacheLayer({ cache: new ResponseCache(), lifetimesMs: { 200: 1_000 }, graceMs: 3_600_000 }), '1 s'),
];

/** What the shop's gateway does beside what the contracts say. */
export const gateway: GatewaySettings = {
  follow: ['user', 'product', 'search', 'inventory', 'order'], // a new operation of theirs needs no new gateway
  layers: {
    'product.listProducts': [beta, ...catalogue],
    'product.getProduct': [beta, ...catalogue],
  },
};
