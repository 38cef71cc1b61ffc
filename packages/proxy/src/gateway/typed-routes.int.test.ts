import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { route } from '../routing/route.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';

/** An upstream that answers with the method and the target that it got. */
const echo = () =>
  scriptedUpstream((socket, text) => {
    const line = text.split('\r\n').findLast((one) => one.endsWith(' HTTP/1.1')) ?? '';
    socket.write(plainAnswer(line.slice(0, -' HTTP/1.1'.length)));
  });

test('a route of gateway.ts leads to another server, by its path, its host and a header', async () => {
  await using legacy = await echo();
  const to = { url: `http://127.0.0.1:${legacy.port}` };
  const routes = [
    route('legacy', { path: '/v1/{rest}', to, access: 'public' }),
    route('beta', { path: '/things/:id', methods: ['GET'], headers: { 'x-beta': true }, to, access: 'public' }),
    route('mine', { path: '/v2/**', to, access: 'user' }),
  ];
  await using gateway = await openGateway({ exposes: [things], routes });
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(gateway.origin + path, { headers });
    return [answer.status, await answer.text()];
  };
  assert.deepEqual(await ask('/v1/orders?a=1'), [200, 'GET /v1/orders?a=1']);
  assert.deepEqual(await ask('/things/7', { 'x-beta': 'yes' }), [200, 'GET /things/7']);
  assert.equal((await ask('/things/7'))[0], 503, 'without the header it is the operation of the contract');
  assert.equal((await ask('/v2/a/b'))[0], 401);
  assert.deepEqual(await ask('/v2/a/b', { authorization: 'Bearer ann' }), [200, 'GET /v2/a/b']);
  assert.equal((await ask('/v1/a/b'))[0], 404);
});

test('layers of an operation stand behind its access, and may answer themselves', async () => {
  await using upstream = await echo();
  const seen: string[] = [];
  const teapot: EdgeLayer = (next) => (exchange) => {
    seen.push(`${exchange.variables.id} by ${exchange.identity.subject}`);
    if (exchange.variables.id !== '418') return next(exchange);
    exchange.answer.begin(418, ['content-length', '0'], 0);
    exchange.answer.end();
    return undefined;
  };
  const layers = { 'things.readThing': [{ name: 'Teapot', text: 'Teapot', layer: teapot }] };
  await using gateway = await openGateway({ exposes: [things], layers });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const status = async (path: string) => {
    const answer = await fetch(gateway.origin + path);
    await answer.bytes();
    return answer.status;
  };
  assert.equal(await status('/things/1'), 200);
  assert.equal(await status('/things/418'), 418);
  assert.deepEqual(seen, ['1 by ', '418 by ']);
});

test('what cannot be a route stops the start: layers of no operation, a conflict, a policy that is missing', async () => {
  const refused = async (options: Parameters<typeof openGateway>[0], code: string, message: RegExp) => {
    await assert.rejects(openGateway(options), (error) => {
      assert.equal(codeOf(error), code);
      assert.match((error as Error).message, message);
      return true;
    });
  };
  const to = { url: 'http://127.0.0.1:9' };
  await refused(
    { exposes: [things], layers: { 'things.reed': [] } },
    'GATEWAY_ROUTE_INVALID',
    /"things\.reed".*things\.readThing/,
  );
  const same = route('same', { path: '/things/:id', methods: ['GET'], to, access: 'public' });
  await refused({ exposes: [things], routes: [same] }, 'GATEWAY_ROUTE_CONFLICT', /same/);
  assert.throws(
    () => route('far', { path: '/x', to: { url: 'ftp://x.test' }, access: 'public' }),
    (error) => codeOf(error) === 'GATEWAY_ROUTE_INVALID',
  );
});

test('what fails on the way to an address is told by the name of the route; the address is nobody’s business', async () => {
  await using gone = await echo();
  await using hanging = await scriptedUpstream((socket) => void socket.destroy());
  await using silent = await scriptedUpstream(() => {});
  const to = ({ port }: { readonly port: number }) => ({ url: `http://127.0.0.1:${port}` });
  await gone[Symbol.asyncDispose]();
  const routes = [
    route('gone', { path: '/gone', to: to(gone), access: 'public' }),
    route('hanging', { path: '/hanging', to: to(hanging), access: 'public' }),
    route('silent', { path: '/silent', to: to(silent), access: 'public', timeoutMs: 50 }),
  ];
  await using gateway = await openGateway({ exposes: [], routes });
  const heard: string[] = [];
  for (const name of ['gone', 'hanging', 'silent']) {
    const answer = await fetch(`${gateway.origin}/${name}`, { method: 'POST' });
    const { detail } = (await answer.json()) as { readonly detail: string };
    heard.push(`${answer.status} ${detail}`);
  }
  assert.deepEqual(heard, [
    '502 no connection to "gone" came about; nothing was sent',
    '502 "hanging" hung up before it answered',
    '504 "silent" did not answer within 50 ms',
  ]);
});
