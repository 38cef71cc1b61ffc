import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { contract, get, post } from '@dure/service/contract';
import { service } from '@dure/service/server';
import { invariant } from './invariant.ts';
import type { SystemOptions } from './system.ts';
import { edge, isSystem, system } from './system.ts';

const user = contract('user', { signIn: post('/sessions', { access: 'public' }) });
const product = contract('product', { list: get('/products', { access: 'public' }) });
const lazy = (of: typeof user | typeof product) => async () =>
  service({ contract: of, start: () => ({ signIn: async () => undefined, list: async () => undefined }) as never });

function refused(name: string, options: SystemOptions, pattern: RegExp): void {
  assert.throws(
    () => system(name, options),
    (error) => {
      assert.equal(codeOf(error), 'DURE_SYSTEM_INVALID');
      assert.match(messageOf(error), pattern);
      return true;
    },
  );
}

test('a system keeps its services unloaded', () => {
  let loaded = 0;
  const shop = system('shop', {
    services: {
      user: async () => {
        loaded += 1;
        return lazy(user)();
      },
    },
    edge: edge({ expose: [user], session: { issuer: user, signIn: 'signIn' } }),
    config: './config',
  });
  assert.equal(loaded, 0);
  assert.deepEqual(shop.config, ['./config']);
  assert.ok(isSystem(shop));
  assert.ok(!isSystem({ kind: 'service' }));
});

test('a router and DNS answers are there only if asked for', () => {
  const asked = (options: Pick<SystemOptions, 'router' | 'dns'>) => {
    const { router, dns } = system('shop', { services: {}, edge: edge({ expose: [] }), ...options });
    return { router, dns };
  };
  assert.deepEqual(asked({}), { router: undefined, dns: undefined });
  assert.deepEqual(asked({ router: false, dns: false }), { router: undefined, dns: undefined });
  assert.deepEqual(asked({ router: true, dns: true }), { router: {}, dns: { zone: 'dure.internal' } });
  assert.deepEqual(asked({ dns: { port: 53 } }).dns, { port: 53, zone: 'dure.internal' });
  assert.deepEqual(asked({ dns: { zone: 'shop.test' } }).dns, { zone: 'shop.test' });
});

test('a contract that is exposed must belong to a service', () => {
  refused(
    'shop',
    { services: { user: lazy(user) }, edge: edge({ expose: [user, product] }) },
    /exposes "product", but has no such service; it has user/,
  );
});

test('a composed service may be exposed too', () => {
  const shop = system('shop', {
    services: { user: lazy(user) },
    edge: edge({ expose: [user, product], composed: { product: lazy(product) } }),
  });
  assert.deepEqual(Object.keys(shop.edge.composed), ['product']);
});

test('two services cannot have one name', () => {
  refused(
    'shop',
    { services: { user: lazy(user) }, edge: edge({ expose: [], composed: { user: lazy(user) } }) },
    /two services named "user"/,
  );
});

test('a contract is exposed once', () => {
  assert.throws(() => edge({ expose: [user, user.only('signIn')] }), /exposes the contract "user" twice/);
});

test('no service takes a name of the platform', () => {
  refused('shop', { services: { gateway: lazy(user) }, edge: edge({ expose: [] }) }, /name of the platform's own/);
});

test('a foreign program is nobody else as well', () => {
  const programs = (name: string) => ({ foreign: { [name]: { passwordFile: './password' } } });
  const common = { services: { user: lazy(user) }, edge: edge({ expose: [] }) };
  assert.deepEqual(Object.keys(system('shop', { ...common, ...programs('price') }).foreign), ['price']);
  refused('shop', { ...common, ...programs('user') }, /"user" both as a service and in `foreign`/);
  refused('shop', { ...common, ...programs('registry') }, /name of the platform's own/);
  refused('shop', { ...common, ...programs('Price!') }, /"Price!" is not a name/);
});

test('names are names', () => {
  refused('My Shop', { services: {}, edge: edge({ expose: [] }) }, /"My Shop" is not a name/);
  refused('shop', { services: { 'Order!': lazy(user) }, edge: edge({ expose: [] }) }, /"Order!" is not a name/);
});

test('a session signs in by an operation that exists', () => {
  const outside = edge({ expose: [user], session: { issuer: user, signIn: 'login' } });
  refused(
    'shop',
    { services: { user: lazy(user) }, edge: outside },
    /"user.login", but the contract has no such operation; it has signIn/,
  );
});

test('an invariant reads databases of services that exist', () => {
  const stock = invariant('stock', { reads: ['inventory'], check: async () => ({ holds: true, figures: {} }) });
  refused(
    'shop',
    { services: { user: lazy(user) }, edge: edge({ expose: [] }), invariants: [stock] },
    /has the invariant "stock", which reads "inventory"/,
  );
});
