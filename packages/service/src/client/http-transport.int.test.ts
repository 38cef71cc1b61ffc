import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { codeOf, isDureError, systemClock } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { z } from 'zod';
import { contract, get } from '../contract/index.ts';
import { httpTransport } from './http-transport.ts';

const stock = contract('stock', {
  left: get('/left', { output: z.object({ left: z.int() }), access: 'public' }),
});

/** A server that takes requests and answers none, a transport, and what sends a request there. */
async function open(mostUnderWay?: number) {
  let arrived = () => {};
  const server = createServer(() => arrived()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const limit = mostUnderWay === undefined ? {} : { mostUnderWay };
  const transport = httpTransport({ clock: systemClock, signer: { authorize: async () => '' }, ...limit });
  const send = transport.sender(stock.operations.left);
  const target = { id: 'stock:1', host: '127.0.0.1', port };
  return {
    transport,
    send: (signal?: AbortSignal) =>
      send({}, testCall({ attempt: { number: 1, tried: [], target }, ...(signal === undefined ? {} : { signal }) })),
    request: () =>
      new Promise<void>((resolve) => {
        arrived = resolve;
      }),
    async [Symbol.asyncDispose]() {
      await transport.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

const refused = (code: string, sent: boolean | undefined) => (error: unknown) =>
  codeOf(error) === code && isDureError(error) && error.details.sent === sent;

describe('what waits for one instance', () => {
  test('is bounded: more is refused at once, unsent, and there is room again when one has ended', async () => {
    await using opened = await open(1);
    const leaving = new AbortController();
    const arrived = opened.request();
    const first = assert.rejects(opened.send(leaving.signal));
    await arrived;
    await assert.rejects(opened.send(), refused('RESILIENCE_BULKHEAD_FULL', false));
    leaving.abort();
    await first;
    const again = opened.request();
    const second = assert.rejects(opened.send());
    await again;
    await opened.transport.close();
    await second;
  });
});

describe('a transport that closes', () => {
  test('ends what is under way, and refuses what comes: both are told from a failure of the other side', async () => {
    await using opened = await open();
    const arrived = opened.request();
    const underWay = assert.rejects(opened.send(), refused('RESILIENCE_SHUT_DOWN', undefined));
    await arrived;
    await opened.transport.close();
    await underWay;
    await assert.rejects(opened.send(), refused('RESILIENCE_SHUT_DOWN', false));
  });
});
