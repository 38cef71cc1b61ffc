import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract, get, post } from '@dure/service/contract';
import { z } from 'zod';
import { contractRules } from './contract-rules.ts';
import { routeTable } from './route-table.ts';

const orders = contract('order', {
  one: get('/orders/:id', { params: z.object({ id: z.string() }), access: 'user' }),
  mine: get('/orders/mine', { access: { role: 'customer' } }),
  place: post('/orders', { access: 'user' }),
  internal: get('/orders/internal', { access: 'service' }),
  scoped: get('/orders/scoped', { access: { scope: 'order:read' } }),
});

test('the operations that users may call become routes with their access, and the others are not there', () => {
  const table = routeTable(contractRules([orders]));
  assert.deepEqual(
    table.rules.map(({ id, access }) => [id, access]),
    [
      ['order.one', 'user'],
      ['order.mine', { role: 'customer' }],
      ['order.place', 'user'],
    ],
  );
  const found = table.find({ method: 'HEAD', path: '/orders/internal' });
  assert.deepEqual([found?.rule.id, found?.variables], ['order.one', { id: 'internal' }]);
  assert.deepEqual(table.allowed({ path: '/orders' }), ['POST', 'OPTIONS']);
});

test('two operations that cannot be told apart stop the start, and so does one at an address of the gateway', () => {
  const code = 'GATEWAY_ROUTE_CONFLICT';
  const other = contract('archive', {
    find: get('/orders/:key', { params: z.object({ key: z.string() }), access: 'user' }),
  });
  assert.throws(() => routeTable(contractRules([orders, other])), {
    code,
    message: /archive\.find and order\.one both answer GET \/orders\/:key/,
  });
  assert.throws(() => contractRules([orders], { ownPaths: ['/orders/mine'] }), {
    code,
    message: /order\.mine and the gateway itself/,
  });
});
