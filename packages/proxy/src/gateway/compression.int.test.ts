import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { CompressionOptions } from '../compression/compressed.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { things } from '../testing/test-contract.ts';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

async function worldOf(handle: Handle, compression: CompressionOptions = {}) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway = await openGateway({ exposes: [things], compression });
  gateway.instances.set('things', [localInstance('things', (server.address() as AddressInfo).port)]);
  return {
    gateway,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function get(port: number, accept?: string, method = 'GET', path = '/things/7'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const headers = accept === undefined ? {} : { 'accept-encoding': accept };
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

const text = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => ({ index, name: 'thing' })));
const json: Handle = (_, response) => {
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': text.length,
    etag: '"7"',
    vary: 'origin',
    'accept-ranges': 'bytes',
  });
  response.end(text);
};

test('an answer comes in the coding that its client likes best, with what that means for caches', async () => {
  await using world = await worldOf(json);
  for (const [accept, coding, undo] of [
    ['gzip', 'gzip', gunzipSync],
    ['gzip;q=0.5, br', 'br', brotliDecompressSync],
    ['gzip, br, zstd', 'zstd', zstdDecompressSync],
  ] as const) {
    const { headers, body } = await get(world.gateway.port, accept);
    assert.equal(headers['content-encoding'], coding);
    assert.equal(undo(body).toString(), text);
    assert.ok(body.length < text.length / 4);
    assert.equal(headers.vary, 'origin, accept-encoding');
    assert.equal(headers.etag, 'W/"7"');
    assert.equal(headers['content-length'], undefined);
    assert.equal(headers['accept-ranges'], undefined);
  }
});

test('a client that takes no coding gets the plain answer, and caches hear that others may not', async () => {
  await using world = await worldOf(json);
  for (const accept of [undefined, 'identity', 'gzip;q=0']) {
    const { headers, body } = await get(world.gateway.port, accept);
    assert.deepEqual([headers['content-encoding'], headers.etag, body.toString()], [undefined, '"7"', text]);
    assert.equal(headers.vary, 'origin, accept-encoding');
  }
  const head = await get(world.gateway.port, 'gzip', 'HEAD');
  assert.deepEqual([head.headers['content-encoding'], head.body.length], [undefined, 0]);
});

test('what is small, compressed already, a part, untouchable or no text stays as it is', async () => {
  let [status, fields, body]: [number, Record<string, string>, Buffer] = [200, {}, Buffer.alloc(0)];
  await using world = await worldOf((_, response) => response.writeHead(status, fields).end(body));
  const plain = { 'content-type': 'text/plain' };
  const long = Buffer.alloc(5_000, 'a');
  for (const one of [
    [200, plain, Buffer.alloc(1_000, 'a')],
    [200, { ...plain, 'content-encoding': 'gzip' }, long],
    [206, { ...plain, 'content-range': 'bytes 0-4999/9999' }, long],
    [200, { ...plain, 'cache-control': 'public, no-transform' }, long],
    [200, { 'content-type': 'image/png' }, long],
    [200, { 'content-type': 'text/event-stream' }, long],
    [200, {}, long],
    [304, { ...plain, etag: '"7"' }, Buffer.alloc(0)],
  ] as const) {
    [status, fields, body] = [one[0], { ...one[1], 'content-length': String(one[2].length) }, one[2]];
    if (status === 304) fields = { ...one[1] };
    const got = await get(world.gateway.port, 'gzip, br, zstd');
    assert.equal(got.headers['content-encoding'], fields['content-encoding'], JSON.stringify(one[1]));
    assert.deepEqual(got.body, body);
    assert.equal(got.headers.vary, undefined, JSON.stringify(one[1]));
  }
});

test('a stream whose type is named is flushed with each event', async () => {
  let sent: ServerResponse | undefined;
  const types = ['text/event-stream'];
  await using world = await worldOf(
    (_, response) => {
      sent = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    },
    { types },
  );
  for (const coding of ['gzip', 'br', 'zstd']) {
    const heard = await new Promise<IncomingMessage>((resolve) => {
      const headers = { 'accept-encoding': coding };
      request({ host: '127.0.0.1', port: world.gateway.port, path: '/things/7/events', headers }, resolve).end();
    });
    assert.equal(heard.headers['content-encoding'], coding);
    const first = await new Promise((resolve) => heard.once('data', resolve));
    assert.ok(Buffer.isBuffer(first));
    const second = new Promise((resolve) => heard.once('data', resolve));
    sent?.write('data: 2\n\n');
    await second;
    heard.destroy();
  }
});

test('64 MiB are compressed for a slow client without being held, and what breaks off never looks whole', async () => {
  const piece = Buffer.alloc(2 ** 16, 'abcdefgh');
  let breaks = false;
  await using world = await worldOf((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    let left = breaks ? 10 : 1_024;
    const send = () => {
      while (left > 0) {
        left -= 1;
        if (!response.write(piece)) {
          response.once('drain', send);
          return;
        }
      }
      if (breaks) response.destroy();
      else response.end();
    };
    send();
  });
  const whole = await get(world.gateway.port, 'gzip');
  assert.equal(gunzipSync(whole.body).length, 2 ** 26);
  breaks = true;
  const client = rawClient(world.gateway.port);
  client.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\nAccept-Encoding: gzip\r\n\r\n');
  assert.doesNotMatch(await client.ended(), /\r\n0\r\n\r\n$/);
});

test('a type that is none stops the start', async () => {
  await assert.rejects(openGateway({ exposes: [things], compression: { types: ['text'] } }), {
    code: 'GATEWAY_PROTOCOL_INVALID',
  });
});
