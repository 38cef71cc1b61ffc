import assert from 'node:assert/strict';
import { test } from 'node:test';
import { route } from './route.ts';
import type { NamedLayer } from './route-rule.ts';
import { routeTable } from './route-table.ts';

const code = 'GATEWAY_ROUTE_INVALID';

function layer<const Name extends string>(...variables: readonly Name[]): NamedLayer<Name> {
  return { name: 'set-path', text: `set-path(${variables.join()})`, layer: (next) => next, variables };
}

test('a route is written with values and becomes a rule', () => {
  const made = route('beta', {
    path: ['/v1/orders/{id}', '/orders/:id'],
    methods: ['GET'],
    hosts: ['{tenant}.shop.example'],
    headers: { 'X-Beta': true, 'x-version': /[0-9]+/ },
    queries: { full: 'yes' },
    cookies: { beta: 'on' },
    remoteAddresses: ['10.0.0.0/8'],
    after: new Date(10),
    before: new Date(20),
    to: { name: 'order' },
    layers: [layer('id', 'tenant')],
    access: { role: 'tester' },
    timeoutMs: 100,
  });
  assert.deepEqual(
    [made.to, made.access, made.timeoutMs, made.order, made.source],
    [{ kind: 'service', service: 'order' }, { role: 'tester' }, 100, 0, 'gateway.ts'],
  );
  const request = {
    method: 'GET',
    path: '/orders/7',
    host: 'acme.shop.example',
    header: (name: string) => ({ 'x-beta': ['1'], 'x-version': ['12'] })[name] ?? [],
    query: '?full=yes',
    cookie: 'beta=on',
    address: '10.0.0.1',
    nowMs: 15,
  };
  const table = routeTable([made]);
  assert.deepEqual(table.find(request)?.variables, { tenant: 'acme', id: '7' });
  assert.equal(table.find({ ...request, header: () => ['x'] }), undefined);
});

test('a route leads to a contract, a service, another server, or nowhere when a layer answers', () => {
  const to = (target: Parameters<typeof route>[1]['to']) =>
    route('r', { path: '/', to: target, access: 'public', layers: [layer()] }).to;
  assert.deepEqual(to({ name: 'order' }), { kind: 'service', service: 'order' });
  assert.deepEqual(to({ service: 'order' }), { kind: 'service', service: 'order' });
  assert.deepEqual(to({ url: 'http://x.example' }), { kind: 'url', url: 'http://x.example' });
  assert.deepEqual(to('layers'), { kind: 'none' });
});

test('a route without a policy does not start, and the error names route and source', () => {
  const options = JSON.parse('{"path":"/","to":{"service":"order"}}') as Parameters<typeof route>[1];
  assert.throws(() => route('open', options), { code, message: /^gateway\.ts: the route "open" has no access policy/ });
  route('granted', { ...options, access: { userScope: 'orders:write' } });
  for (const access of ['anyone', { role: '' }, { role: 'a', scope: 'b' }, { userScope: 'a b' }, null]) {
    assert.throws(() => route('open', { ...options, access: access as 'public' }), { code });
  }
});

test('a bad pattern, range or expression is refused with route and source', () => {
  const common = { to: { service: 'order' }, access: 'public', source: 'edge/routes.ts' } as const;
  const bad = [
    { path: '/{a' },
    { path: '/', hosts: ['a..b'] },
    { path: '/', remoteAddresses: ['10'] },
    { path: '/', headers: { h: /(a)\1/ } },
    { path: '/', headers: { h: /a/i } },
  ] as const;
  for (const one of bad) {
    assert.throws(() => route('bad', { ...common, ...one }), { code, message: /^edge\/routes\.ts: the route "bad": / });
  }
});

test('a layer that uses a variable which a path lacks is refused, also where the compiler cannot see it', () => {
  const path: string = '/a/{id}';
  assert.throws(() => route('r', { path, to: { service: 's' }, access: 'public', layers: [layer('sku')] }), {
    code,
    message: /its layer set-path\(sku\) uses "\{sku\}"/,
  });
  assert.throws(
    () => route('r', { path: ['/a/{id}', '/b'], to: { service: 's' }, access: 'public', layers: [layer('id')] }),
    { code },
  );
});
