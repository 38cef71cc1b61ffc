import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staticInstances } from '@dure/balancer';
import type { Identity } from '@dure/core';
import { anonymous, ids, systemClock, systemRandom } from '@dure/core';
import { silentTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { contract, get, post } from '../contract/index.ts';
import type { HttpRoute } from './http-route.ts';
import type { AnyHandler } from './service.ts';
import { service } from './service.ts';
import type { ServiceParts } from './start-service.ts';
import { startService } from './start-service.ts';

const caller: Identity = { kind: 'service', subject: 'console', roles: [], scopes: [] };
const made = ids(systemClock, systemRandom);
const output = z.object({ left: z.int() });
const stock = contract('stock', {
  getStock: get('/stock/:sku', { params: z.object({ sku: z.string() }), output, access: 'public' }),
  add: post('/stock', { output, access: { userScope: 'stock:write' } }),
});

function parts(): ServiceParts {
  return {
    instanceId: 'stock:1',
    host: '127.0.0.1',
    ports: { api: 0, management: 0 },
    mode: 'test',
    clock: systemClock,
    random: systemRandom,
    ids: made,
    telemetry: silentTelemetry(made),
    platform: {
      instances: staticInstances({}),
      signer: { authorize: async () => '' },
      verifier: { verify: async (authorization) => (authorization === 'Bearer console' ? caller : anonymous) },
    },
    registrar: undefined,
    config: {},
    uses: {},
    db: undefined,
    idempotency: undefined,
    routes: [{ method: 'GET', path: '/feed/*', access: 'service', handle: () => ({ status: 204 }) }],
    health: [],
    endpoints: [],
    graceMs: 100,
  };
}

const handle = async () => ({ left: 1 });
const serving = (
  route: HttpRoute,
  handlers: Readonly<Record<string, AnyHandler>> = { getStock: handle, add: handle },
) =>
  service({
    contract: stock,
    start: ({ add }) => {
      add.route(route);
      return handlers as never;
    },
  });

test('`/actuator/mappings` lists what the router answers, with who may call it', async () => {
  const running = await startService(
    serving({ method: 'POST', path: '/hook', access: 'user', handle: () => ({ status: 204 }) }),
    parts(),
  );
  try {
    const answer = await fetch(`http://127.0.0.1:${running.managementPort}/actuator/mappings`, {
      headers: { authorization: 'Bearer console' },
    });
    const { contexts } = (await answer.json()) as {
      contexts: {
        stock: {
          mappings: {
            dispatcherHandlers: { webHandler: { predicate: string; handler: string; details: { access: string } }[] };
          };
        };
      };
    };
    assert.deepEqual(
      contexts.stock.mappings.dispatcherHandlers.webHandler.map((row) => [
        row.predicate,
        row.handler,
        row.details.access,
      ]),
      [
        ['{GET /stock/{sku}}', 'stock.getStock', 'public'],
        ['{HEAD /stock/{sku}}', 'stock.getStock', 'public'],
        ['{POST /stock}', 'stock.add', 'user scope stock:write'],
        ['{POST /hook}', 'stock', 'user'],
        ['{GET /feed/**}', 'stock', 'service'],
      ],
    );
  } finally {
    await running.close();
  }
});

test('a route that does not say who may call it is refused at the start', async () => {
  const open = { method: 'GET', path: '/open', handle: () => ({ status: 204 }) } as unknown as HttpRoute;
  await assert.rejects(startService(serving(open), parts()), {
    code: 'SERVICE_ACCESS_INVALID',
    message: /stock's route GET \/open does not say who may call it/,
  });
});
