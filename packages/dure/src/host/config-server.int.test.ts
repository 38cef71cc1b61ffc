import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gitRemote } from '@dure/config/testing';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import { git, resolveConfig } from '../config-place.ts';
import type { RunFile } from '../run-file.ts';
import { configServer } from './config-server.ts';

test('a system’s repository and folder are served as one, and a hook brings what was pushed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dure-config-server-'));
  await using remote = await gitRemote();
  await remote.push({ 'order.yml': 'lines: 1\n' });
  await mkdir(join(folder, 'config'));
  await writeFile(join(folder, 'config/order.yml'), 'lines: 5\nshared: true\n');
  await writeFile(join(folder, 'hook'), 's3cret\n', { mode: 0o600 });
  const places = [git({ url: remote.url, refreshMs: 0, hookSecretFile: './hook' }), './config'];
  const run = { configPlaces: resolveConfig(folder, places), peers: { order: {} }, stateFolder: join(folder, 'state') };
  const definition = await configServer(run as unknown as RunFile);
  const server = await startService(
    definition,
    serviceParts({ instanceId: 'config:test', ports: { api: 0, management: 0 } }),
  );
  try {
    const url = `http://127.0.0.1:${server.port}`;
    const text = async () =>
      (await fetch(`${url}/order-default.properties`, { headers: { authorization: 'Bearer order' } })).text();
    assert.equal(await text(), 'lines: 1\nshared: true');
    await remote.push({ 'order.yml': 'lines: 2\n' });
    const hook = (token: string) =>
      fetch(`${url}/monitor`, {
        method: 'POST',
        headers: { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': token },
        body: JSON.stringify({ commits: [{ modified: ['order.yml'] }] }),
      });
    assert.equal((await hook('guess')).status, 403);
    assert.deepEqual(await (await hook('s3cret')).json(), ['order']);
    assert.equal(await text(), 'lines: 2\nshared: true');
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
});
