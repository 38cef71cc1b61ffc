import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { contract, get } from '@dure/service/contract';
import { z } from 'zod';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';

const output = z.looseObject({});
const stock = contract('stock', {
  search: get('/search', { output, access: 'public', cost: 2, rateLimit: { quota: 4, windowSeconds: 60 } }),
  admin: get('/admin', { output, access: { role: 'admin' }, rateLimit: { quota: 1, windowSeconds: 60 } }),
  free: get('/free', { output, access: 'public' }),
});

test('the gateway enforces the limits that contracts declare, for each user and weighed by cost', async () => {
  await using upstream = await scriptedUpstream((socket) => void socket.write(plainAnswer('{}')));
  const clock = fakeClock();
  await using gateway = await openGateway({ exposes: [stock] }, { clock });
  gateway.instances.set('stock', [localInstance('stock', upstream.port)]);
  const ask = async (path: string, user?: string) => {
    const headers = user === undefined ? {} : { authorization: `Bearer ${user}` };
    const answer = await fetch(gateway.origin + path, { headers });
    await answer.bytes();
    return [answer.status, answer.headers.get('ratelimit')];
  };
  assert.deepEqual(await ask('/search', 'ann'), [200, '"stock.search";r=2;t=30']);
  assert.deepEqual(await ask('/search', 'ann'), [200, '"stock.search";r=0;t=15']);
  assert.deepEqual(await ask('/search', 'ann'), [429, '"stock.search";r=0;t=30']);
  assert.deepEqual(await ask('/search', 'bob'), [200, '"stock.search";r=2;t=30']);
  assert.deepEqual(await ask('/free', 'ann'), [200, null]);
  assert.equal((await ask('/admin', 'ann'))[0], 403);
  assert.equal((await ask('/admin', 'ann'))[0], 429);
  await clock.advance(30_000);
  assert.equal((await ask('/search', 'ann'))[0], 200);
});

test('each of several processes on one port keeps its share of a limit, of as many as there are now', async () => {
  await using upstream = await scriptedUpstream((socket) => void socket.write(plainAnswer('{}')));
  let workers = 2;
  await using gateway = await openGateway({ exposes: [stock] }, { clock: fakeClock(), workers: () => workers });
  gateway.instances.set('stock', [localInstance('stock', upstream.port)]);
  const statuses = async (user: string, times: number) => {
    const found: number[] = [];
    for (let turn = 0; turn < times; turn += 1) {
      const answer = await fetch(`${gateway.origin}/search`, { headers: { authorization: `Bearer ${user}` } });
      await answer.bytes();
      found.push(answer.status);
    }
    return found;
  };
  assert.deepEqual(await statuses('ann', 2), [200, 429]);
  workers = 1;
  assert.deepEqual(await statuses('bob', 3), [200, 200, 429]);
});

test('each of several processes on one port takes its share of connections', async () => {
  const limits = { maxConnectionsPerClient: 4 };
  await using gateway = await openGateway({ exposes: [stock], limits }, { workers: () => 2 });
  const clients = [1, 2].map(() => rawClient(gateway.port));
  for (const client of clients) {
    client.send('GET /nothing HTTP/1.1\r\nHost: shop\r\n\r\n');
    await client.hears('GATEWAY_NOT_FOUND');
  }
  assert.equal(await rawClient(gateway.port).ended(), '');
  for (const client of clients) client.socket.destroy();
});
