import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openIssuer } from '@dure/identity/testing';
import { startSystem } from './start-system.ts';

const fixture = new URL('../../fixtures/federated/federated.ts', import.meta.url);

/** The module of a system for an issuer whose port is known only now. */
async function moduleFor(issuer: string) {
  const folder = await mkdtemp(join(tmpdir(), 'dure-federated-'));
  const path = join(folder, 'system.mjs');
  await writeFile(path, `import { federated } from '${fixture}';\nexport const made = federated('${issuer}');\n`);
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

test('users of an identity provider come in at the edge, and every service knows them, but not their token', async () => {
  await using issuer = await openIssuer();
  await using module = await moduleFor(issuer.issuer);
  await using system = await startSystem(module.path, { placement: 'each' });
  const ask = async (path: string, claims: Readonly<Record<string, unknown>>, origin = system.edge) => {
    const headers = { authorization: `Bearer ${issuer.token(claims)}` };
    const answer = await fetch(origin + path, { headers });
    return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
  };
  const kim = { sub: 'kim', realm_access: { roles: ['shop-admin', 'other'] }, scope: 'openid' };
  const user = { kind: 'user', subject: 'keycloak:kim', roles: ['admin'], scopes: ['openid'] };
  assert.deepEqual((await ask('/me', kim)).body, {
    front: user,
    back: { kind: 'service', subject: 'front', roles: [], scopes: [], onBehalfOf: user },
  });
  const statuses = async (claims: Readonly<Record<string, unknown>>) => [
    (await ask('/audit', claims)).status,
    (await ask('/export', claims)).status,
  ];
  assert.deepEqual(await statuses(kim), [200, 403]);
  assert.deepEqual(await statuses({ sub: 'lee', scope: 'things:export' }), [403, 200]);
  assert.deepEqual(await statuses({ sub: 'lee', aud: 'payroll' }), [401, 401]);
  const { components } = await system.status();
  const front = components.flatMap(({ services }) => services).find(({ name }) => name === 'front');
  const direct = await ask('/me', kim, `http://127.0.0.1:${front?.port}`);
  assert.deepEqual([direct.status, direct.body.code], [401, 'SERVICE_TOKEN_INVALID']);
});
