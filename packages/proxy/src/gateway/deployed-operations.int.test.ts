import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { contract, get, openApi } from '@dure/service/contract';
import { z } from 'zod';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { until } from '../testing/until.ts';

const output = z.looseObject({});
const news = contract('news', {
  latest: get('/news', { output, access: 'public' }),
  drafts: get('/drafts', { output, access: { role: 'editor' } }),
  inside: get('/inside', { output, access: 'service' }),
});

test('the operations of a service that no contract here knows are reached as soon as it is deployed, by its own access', async () => {
  const document = JSON.stringify(openApi([news], { title: 'news', version: '1', internals: true }));
  const server = createServer(({ url, headers }, response) => {
    const isDocument = url === '/actuator/openapi' && headers.authorization === 'token for news';
    response.setHeader('content-type', 'application/json');
    response.end(isDocument ? document : JSON.stringify({ url }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await using gateway = await openGateway(
    { exposes: [], follow: ['news'] },
    { signer: { authorize: async (audience) => `token for ${audience}` } },
  );
  const ask = async (path: string, authorization?: string) => {
    const answer = await fetch(
      gateway.origin + path,
      authorization === undefined ? {} : { headers: { authorization } },
    );
    return [answer.status, await answer.text()];
  };
  assert.equal((await ask('/news'))[0], 404);
  gateway.instances.set('news', [{ ...localInstance('news', port), managementPort: port }]);
  const routes = () => gateway.endpoint.handle({ method: 'GET', path: ['routes'], query: {}, body: undefined });
  await until('the routes are there', () => JSON.stringify(routes()).includes('news.latest'));
  assert.deepEqual(await ask('/news'), [200, '{"url":"/news"}']);
  assert.equal((await ask('/drafts'))[0], 401);
  assert.equal((await ask('/drafts', 'Bearer ann'))[0], 403);
  assert.equal((await ask('/drafts', 'Bearer ann+editor'))[0], 200);
  assert.equal((await ask('/inside'))[0], 404);
  server.close().closeAllConnections();
});
