import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { contract, get } from '@dure/service/contract';
import { z } from 'zod';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
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
