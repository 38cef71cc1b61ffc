import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateSigningKey, publicKeyOf } from '@dure/identity';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import type { RunFile } from '../run-file.ts';
import { credentials } from './credentials.ts';
import { definitionsOf } from './definitions.ts';
import { machine } from './machine.ts';

/** The config server as a process of the system `shop` runs it, with the services `order` and `payment` and the program `price`. */
async function startShopConfig(configFolder: string) {
  const keys = { order: await generateSigningKey(), payment: await generateSigningKey() };
  const own = {
    ports: { api: 0, management: 0 },
    key: await generateSigningKey(),
    scopes: {},
    pulls: [],
    grants: {},
  };
  const run: RunFile = {
    system: 'shop',
    module: '/nowhere',
    folder: configFolder,
    stateFolder: configFolder,
    process: 'config',
    services: { config: own },
    mode: 'production',
    host: '127.0.0.1',
    registryUrl: 'http://127.0.0.1:1',
    configUrl: 'http://127.0.0.1:1',
    telemetryUrl: 'http://127.0.0.1:1',
    peers: Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, publicKeyOf(key)])),
    foreign: { price: 'correct horse' },
    configPlaces: [configFolder],
    keyringFile: join(configFolder, 'keyring.json'),
  };
  const nowhere = { instances: () => [], onChange: () => () => {} };
  const { verifier } = credentials('config', own, run, machine(), nowhere);
  const { signer } = credentials('order', { ...own, key: keys.order }, run, machine(), nowhere);
  const definition = (await definitionsOf(run)).get('config');
  assert.ok(definition);
  const running = await startService(definition, serviceParts({ mode: 'production', platform: { verifier } }));
  return { running, url: `http://127.0.0.1:${running.port}`, token: await signer.authorize('config', undefined) };
}

test('a program of other make reads its own configuration by HTTP Basic, a service by its token', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-clients-'));
  for (const name of ['application', 'order', 'payment', 'price', 'price-list'])
    await writeFile(join(folder, `${name}.yml`), `from: ${name}\n`);
  const { running, url, token } = await startShopConfig(folder);
  try {
    const ask = async (path: string, authorization?: string) => {
      const response = await fetch(url + path, authorization === undefined ? {} : { headers: { authorization } });
      return { status: response.status, text: await response.text() };
    };
    const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const price = basic('price', 'correct horse');
    assert.equal((await ask('/price-default.properties', price)).text, 'from: price');
    for (const path of ['/order/default', '/payment/default', '/nobody/default'])
      assert.equal((await ask(path, price)).status, 403, path);
    assert.equal((await ask('/order-default.properties', token)).text, 'from: order');
    assert.equal((await ask('/price/default', token)).status, 403);
    assert.equal((await ask('/order/default/main/price.yml', token)).status, 404);
    for (const wrong of [
      basic('price', 'battery staple'),
      basic('order', ''),
      basic('payment', 'correct horse'),
      'Basic !',
    ])
      assert.equal((await ask('/price/default', wrong)).status, 401);
    assert.equal((await ask('/price/default')).status, 401);
  } finally {
    await running.close();
    await rm(folder, { recursive: true });
  }
});
