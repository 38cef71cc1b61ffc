import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '@dure/core';
import { codeOf } from '@dure/core';
import { access } from './access.ts';
import type { Target } from './config-request.ts';

const target = (...names: string[]): Target => ({
  names,
  profiles: ['default'],
  label: undefined,
  raw: { name: names.join(','), profiles: 'default' },
});
const service = (subject: string): Identity => ({ kind: 'service', subject, roles: [], scopes: [] });
const rights = access(['order', 'order-admin', 'payment'], ['supervisor']);

test('a service asks for itself and for what is shared; a reader for all; users for nothing', () => {
  rights.demand(service('order'), target('order', 'application'));
  rights.demand(service('supervisor'), target('payment', 'nobody'));
  for (const [identity, asked] of [
    [service('order'), target('payment')],
    [service('order'), target('nobody')],
    [service('order'), target('order', 'payment')],
    [{ ...service('order'), kind: 'user' } as Identity, target('order')],
  ] as const) {
    assert.throws(
      () => rights.demand(identity, asked),
      (error: Error) => {
        assert.equal(codeOf(error), 'CONFIG_NOT_YOURS');
        assert.doesNotMatch(error.message, /payment|nobody/);
        return true;
      },
    );
  }
});

const files: readonly [string, boolean][] = [
  ['order.yml', true],
  ['order-dev.yml', true],
  ['application.yml', true],
  ['application-payment.yml', true],
  ['v2/order.yml', true],
  ['order-admin.yml', false],
  ['order-admin-dev.properties', false],
  ['ORDER-ADMIN.yml', false],
  ['payment.yml', false],
  ['payment.key', false],
  ['Payment-store.jks', false],
  ['payment/order.yml', false],
  ['a/PAYMENT/b/nginx.conf', false],
  ['order/secret.key', true],
  ['order.key', true],
  ['nginx.conf', true],
  ['payments.conf', true],
  ['nobody.yml', false],
  ['routes.json', true],
  ['logback.xml', true],
  ['orders.yml', false],
];
for (const [path, isTheirs] of files) {
  test(`the file ${path} is ${isTheirs ? '' : 'not '}for order`, () => {
    assert.equal(rights.mayFind(target('order'))(path), isTheirs);
    assert.equal(rights.mayFetch(service('order'), target('order'))(path), isTheirs);
    assert.equal(rights.mayFetch(service('supervisor'), target('order'))(path), true);
  });
}

test('an application that nobody has told of reads its own files', () => {
  const mayFind = rights.mayFind(target('order-history'));
  assert.deepEqual(['order-history.yml', 'order-history-dev.yml', 'order.yml'].map(mayFind), [true, true, false]);
});
