import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '@dure/core';
import { anonymous } from '@dure/core';
import { z } from 'zod';
import { contract, get, post } from '../contract/index.ts';
import { serviceParts } from '../testing/service-parts.ts';
import type { HttpRoute } from './http-route.ts';
import type { AnyHandler } from './service.ts';
import { service } from './service.ts';
import { startService } from './start-service.ts';

const caller: Identity = { kind: 'service', subject: 'console', roles: [], scopes: [] };
const output = z.object({ left: z.int() });
const stock = contract('stock', {
  getStock: get('/stock/:sku', { params: z.object({ sku: z.string() }), output, access: 'public' }),
  add: post('/stock', { output, access: { userScope: 'stock:write' } }),
});

const verify = async (authorization: string) => (authorization === 'Bearer console' ? caller : anonymous);
const parts = serviceParts({
  platform: { verifier: { verify } },
  routes: [{ method: 'GET', path: '/feed/*', access: 'service', handle: () => ({ status: 204 }) }],
});

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
    parts,
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
  await assert.rejects(startService(serving(open), parts), {
    code: 'SERVICE_ACCESS_INVALID',
    message: /stock's route GET \/open does not say who may call it/,
  });
});
