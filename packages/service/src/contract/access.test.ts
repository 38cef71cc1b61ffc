import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { accessText, isExposable } from './access.ts';
import { contract, get } from './contract.ts';
import { openApi } from './open-api.ts';
import type { Access } from './operation-spec.ts';

const unclear: readonly (readonly [unknown, RegExp])[] = [
  [undefined, /stock\.a does not say who may call it/],
  [null, /does not say who/],
  ['admin', /by "admin", which is nobody/],
  ['', /by "", which is nobody/],
  [true, /by true, which is nobody/],
  [{}, /demands "", which nobody can have/],
  [{ roles: 'admin' }, /demands "roles"/],
  [{ role: '' }, /a role that is no word/],
  [{ scope: 'a b' }, /a scope that is no word/],
  [{ userScope: 7 }, /a userScope that is no word/],
  [{ role: 'admin', scope: 'stock:write' }, /role and scope at once, of which all but one would be ignored/],
];
for (const [access, message] of unclear) {
  test(`an operation with the access ${JSON.stringify(access)} is refused when the contract is made`, () => {
    const operation = get('/stock', { access: access as Access });
    assert.throws(() => contract('stock', { a: operation }), { code: 'SERVICE_ACCESS_INVALID', message });
  });
}

test('operations for services only are not exposable, those for users are', () => {
  const exposable: readonly Access[] = ['public', 'user', { role: 'admin' }, { userScope: 'stock:read' }];
  assert.deepEqual(exposable.map(isExposable), [true, true, true, true]);
  assert.deepEqual((['service', { scope: 'stock:read' }] as const).map(isExposable), [false, false]);
});

test('an access is told in words, and a user’s scope in the OpenAPI document', () => {
  const all: readonly Access[] = ['user', { role: 'admin' }, { scope: 'stock:write' }, { userScope: 'stock:read' }];
  assert.deepEqual(all.map(accessText), ['user', 'role admin', 'scope stock:write', 'user scope stock:read']);
  const output = z.object({ left: z.int() });
  const stock = contract('stock', { a: get('/stock', { output, access: { userScope: 'stock:read' } }) });
  const { paths } = openApi([stock], { title: 'stock', version: '1' });
  assert.deepEqual((paths as { '/stock': { get: { security: unknown } } })['/stock'].get.security, [
    { bearer: ['stock:read'] },
    { session: ['stock:read'] },
  ]);
});
