import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { contract, get, post } from '@dure/service/contract';
import { status } from '@grpc/grpc-js';
import { z } from 'zod';
import { writeProblem } from '../engine/problem.ts';
import { removeRequestHeader, stripPrefix } from '../filters/index.ts';
import { grpcFailure } from '../grpc/grpc-failure.ts';
import { apiKeyBook, faults, newApiKey, rateLimited } from '../protection/index.ts';
import { named } from '../routing/named-layer.ts';
import { route } from '../routing/route.ts';
import { springRoutes } from '../spring/spring-routes.ts';
import { usersServer } from '../testing/grpc-users.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { canary, mirror, stickySessions } from '../traffic/index.ts';
import type { GatewaySettings } from './gateway-options.ts';

const root = join(import.meta.dirname, '../../../..');
const output = z.looseObject({});
const params = z.object({ sku: z.string() });

// region contract
const stock = contract('stock', {
  getStock: get('/stock/:sku', { params, output, access: 'public', rateLimit: { quota: 100, windowSeconds: 60 } }),
  correct: post('/stock/:sku', { params, body: output, output, access: { role: 'clerk' } }),
  reserve: post('/reservations', { body: output, output, access: 'service' }), // never at the edge
});
// endregion

const { key, sha256 } = newApiKey(seededRandom(1));
let legacyUrl = 'http://127.0.0.1:9000';

// region settings
const gateway: GatewaySettings = {
  routes: ({ rateLimits: store, telemetry, clock, random }) => [
    route('legacy', {
      path: '/v1/orders/{id}',
      methods: ['GET', 'POST'],
      to: { url: legacyUrl },
      access: 'user',
      timeoutMs: 5_000,
      layers: [
        named(
          'RateLimit',
          rateLimited({ store, telemetry, policies: [{ name: 'legacy', quota: 20, windowSeconds: 1, by: 'user' }] }),
          '20 a second by user',
        ),
        named(
          'Faults',
          faults({ clock, random, delay: 300, percentage: 5, until: clock.now() + 600_000 }),
          '300 ms, 5 %',
        ),
        removeRequestHeader('x-debug'),
        stripPrefix(1), // /v1/orders/7 becomes /orders/7
      ],
    }),
  ],
  layers: ({ telemetry }) => ({
    'stock.getStock': [
      named(
        'Canary',
        canary({ stable: '1', canary: '2', header: { name: 'x-beta' }, share: 0.05 }),
        'a twentieth to 2',
      ),
      named('Mirror', mirror({ version: '3', share: 0.1, observe: (event) => telemetry.log.info(event.kind) }), '3'),
    ],
    'stock.correct': [named('Sticky', stickySessions())],
  }),
  apiKeys: { keys: apiKeyBook([{ id: 'acme', sha256, roles: ['clerk'] }]) },
  cors: { allowedOriginPatterns: ['https://*.example.com'], allowedMethods: ['*'], allowCredentials: true },
  limits: { maxBodyBytes: 256_000 },
};
// endregion

const proto = new URL('../testing/users.proto', import.meta.url);
const imports = new URL('..', import.meta.url);

// region grpc
const users = contract('users', {
  getUser: get('/users/:id', {
    params: z.object({ id: z.string() }),
    output: z.object({ id: z.string(), fullName: z.string(), points: z.string() }), // an int64 is text in JSON
    access: 'user',
    grpc: { service: 'shop.v1.Users', method: 'GetUser', proto, imports }, // proto: new URL('./users.proto', import.meta.url)
  }),
  watch: get('/users/:id/events', {
    params: z.object({ id: z.string() }),
    output: z.object({ id: z.string(), points: z.string() }),
    access: 'user',
    stream: true, // the method answers with a stream
    grpc: { service: 'shop.v1.Users', method: 'Watch', proto, imports },
  }),
});
// endregion

test('what the guide shows of gRPC works: JSON, events, and a status', async () => {
  await using server = await usersServer({
    GetUser: ({ request }, done) =>
      request.id === 'ann'
        ? done(null, { id: 'ann', fullName: 'Ann', points: '9007199254740993', passwordHash: 'x' })
        : done({ code: status.NOT_FOUND, details: `there is no user ${request.id}` }),
    Watch: (call) => {
      call.write({ id: call.request.id });
      call.end();
    },
  });
  await using edge = await openGateway({ exposes: [users] });
  edge.instances.set('users', [localInstance('users', server.port)]);
  const ask = (path: string) => fetch(edge.origin + path, { headers: { authorization: 'Bearer ann' } });
  assert.deepEqual(await (await ask('/users/ann')).json(), { id: 'ann', fullName: 'Ann', points: '9007199254740993' });
  assert.equal(await (await ask('/users/ann/events')).text(), 'data: {"id":"ann","points":"0"}\n\n');
  const none = await ask('/users/bob');
  const { code, detail } = (await none.json()) as { code: string; detail: string };
  assert.deepEqual([none.status, code, detail], [404, 'GRPC_NOT_FOUND', 'there is no user bob']);
});

test('the guide’s table of statuses is that of the gateway', async () => {
  for (const language of ['en', 'ko']) {
    const page = await readFile(join(root, `docs/guide/${language}/gateway.md`), 'utf8');
    const rows = [...page.matchAll(/^\| ((?:`[A-Z_]+`,? ?)+) \| (\d{3}) \|/gm)];
    const told = rows.flatMap(([, names = '', sent]) => [...names.matchAll(/[A-Z_]+/g)].map(([name]) => [name, sent]));
    assert.deepEqual(
      told.map(([name]) => name).sort(),
      Object.keys(status)
        .filter((name) => /^[A-Z]/.test(name) && name !== 'OK')
        .sort(),
    );
    for (const [name = '', sent] of told) {
      const code = (status as unknown as Record<string, number>)[name] ?? -1;
      const { status: is } = writeProblem(grpcFailure('users', { code, message: '' }), 't');
      assert.equal(Number(sent), is, `${language}: ${name}`);
    }
  }
});

test('what the guide shows works: contracts, a route beside them, keys, other origins, limits', async () => {
  await using upstream = await scriptedUpstream((socket, text) => {
    const [, line = ''] = /(\S+ \S+) HTTP\/1\.1(?![\s\S]* HTTP\/1\.1)/.exec(text) ?? [];
    socket.write(plainAnswer(line));
  });
  legacyUrl = `http://127.0.0.1:${upstream.port}`;
  await using edge = await openGateway({ exposes: [stock], ...gateway });
  edge.instances.set('stock', [localInstance('stock', upstream.port)]);
  const ask = async (line: string, headers: Record<string, string> = {}, body?: string) => {
    const [method = '', path = ''] = line.split(' ');
    const answer = await fetch(edge.origin + path, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await answer.text();
    return [answer.status, answer.ok ? text : (JSON.parse(text) as { code: string }).code];
  };
  const json = { 'content-type': 'application/json' };
  assert.deepEqual(await ask('GET /stock/A-1'), [200, 'GET /stock/A-1']);
  assert.deepEqual(await ask('POST /stock/A-1', json, '{}'), [401, 'SERVICE_TOKEN_MISSING']);
  assert.deepEqual(await ask('POST /stock/A-1', { ...json, 'x-api-key': key }, '{}'), [200, 'POST /stock/A-1']);
  assert.deepEqual(await ask('POST /stock/A-1', { 'x-api-key': 'guess' }), [401, 'GATEWAY_API_KEY_UNKNOWN']);
  assert.deepEqual(await ask('POST /reservations', json, '{}'), [404, 'GATEWAY_NOT_FOUND']);
  assert.deepEqual(await ask('GET /v1/orders/7'), [401, 'SERVICE_TOKEN_MISSING']);
  assert.deepEqual(await ask('GET /v1/orders/7', { authorization: 'Bearer ann' }), [200, 'GET /orders/7']);
  assert.deepEqual(await ask('GET /stock/A-1', { origin: 'https://evil.test' }), [403, 'GATEWAY_ORIGIN_REFUSED']);
  const long = 'x'.repeat(300_000);
  assert.deepEqual(await ask('POST /stock/A-1', { ...json, 'x-api-key': key }, long), [413, 'GATEWAY_BODY_TOO_LARGE']);
});

test('the settings that the guide names have the defaults that it names', async () => {
  const limits = await readFile(join(root, 'packages/proxy/src/engine/limits.ts'), 'utf8');
  for (const language of ['en', 'ko']) {
    const page = await readFile(join(root, `docs/guide/${language}/gateway.md`), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z]\w+)` \| ([\d,]+) \|/gm)];
    assert.ok(rows.length >= 10, `${language}: ${rows.length} rows of limits`);
    for (const [, name = '', figure = ''] of rows) {
      const [, value = ''] = new RegExp(`^  ${name}: ([^,]+),$`, 'm').exec(limits) ?? [];
      const number = value.includes('**') ? 2 ** Number(value.split('**')[1]) : Number(value.replaceAll('_', ''));
      assert.equal(Number(figure.replaceAll(',', '')), number, `${language}: ${name}`);
    }
  }
});

test('the Spring configuration beside it is lifted over as the guide says', async () => {
  for (const language of ['en', 'ko']) {
    const page = await readFile(join(root, `docs/guide/${language}/gateway.md`), 'utf8');
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const { rules } = await springRoutes(yaml, 'application.yml', { access: 'user', keyResolvers: { user: 'user' } });
    assert.deepEqual(
      rules.map(({ id, to, timeoutMs, rateLimit, layers }) => [
        id,
        to,
        timeoutMs,
        rateLimit?.replenishRate,
        layers.map(({ name }) => name),
      ]),
      [['legacy', { kind: 'url', url: 'http://127.0.0.1:9000' }, 5_000, 20, ['RemoveRequestHeader', 'StripPrefix']]],
    );
  }
});
