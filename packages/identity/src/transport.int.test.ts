import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fetchIssuerJson } from './transport.ts';

async function serving(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

test('a document is read as JSON', async () => {
  await using there = await serving((_request, response) => response.end('{"keys":[]}'));
  assert.deepEqual(await fetchIssuerJson(there.url), { keys: [] });
});

test('an error, and a document without an end, is no answer', async () => {
  const unavailable = { code: 'IDENTITY_KEYS_UNAVAILABLE' };
  await using failing = await serving((_request, response) => response.writeHead(500).end('{}'));
  await assert.rejects(fetchIssuerJson(failing.url), unavailable);
  await using endless = await serving((_request, response) => {
    const more = () => void response.write(Buffer.alloc(65_536, ' '));
    response.on('drain', more);
    more();
  });
  await assert.rejects(fetchIssuerJson(endless.url), unavailable);
});

test('nobody else is asked: a redirect is not followed', async () => {
  let asked = 0;
  await using other = await serving((_request, response) => {
    asked += 1;
    response.end('{}');
  });
  await using there = await serving((_request, response) => response.writeHead(302, { location: other.url }).end());
  await assert.rejects(fetchIssuerJson(there.url));
  assert.equal(asked, 0);
});
