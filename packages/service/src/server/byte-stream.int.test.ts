import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { test } from 'node:test';
import { balancer, staticInstance, staticInstances } from '@dure/balancer';
import { anonymous, codeOf, ids, seededRandom, systemClock, systemRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { memoryTelemetry, silentTelemetry } from '@dure/telemetry/testing';
import { z } from 'zod';
import { httpClient, httpTransport, localClient, outboundLayers } from '../client/index.ts';
import type { Bytes } from '../contract/index.ts';
import { bytes, bytesOf, contract, get, openApi, post, put } from '../contract/index.ts';
import { openApiListener } from './api-listener.ts';
import { operationSet } from './operation-set.ts';

const params = z.object({ id: z.string() });
const files = contract('files', {
  keep: put('/files/:id', {
    params,
    body: bytes({ type: ['application/octet-stream', 'image/*'], maxBytes: 80_000_000 }),
    output: z.object({ type: z.string(), bytes: z.int(), digest: z.string() }),
    access: 'public',
    timeoutMs: 20_000,
  }),
  small: post('/small', {
    body: bytes({ maxBytes: 1_000 }),
    output: z.object({ bytes: z.int() }),
    access: 'public',
  }),
  ignore: post('/ignored', { body: bytes(), access: 'public' }),
  load: get('/files/:id', { params, output: bytes({ type: ['text/csv', 'image/png'] }), access: 'public' }),
  capped: get('/capped', { output: bytes({ maxBytes: 5 }), access: 'public' }),
});
const digest = (from: AsyncIterable<Uint8Array>) => digestOf(from);

async function digestOf(from: AsyncIterable<Uint8Array>): Promise<{ bytes: number; digest: string }> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const piece of from) {
    hash.update(piece);
    count += piece.byteLength;
  }
  return { bytes: count, digest: hash.digest('hex') };
}

async function* pieces(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += 1) yield new Uint8Array(size).fill(at % 251);
}

async function* thenBroken(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(10);
  await new Promise((resolve) => setTimeout(resolve, 20));
  throw new TypeError('the disk is gone');
}

/** Files over HTTP and in process; `left` tells what handlers had read when they were left alone. */
async function withFiles() {
  const telemetry = memoryTelemetry();
  const seen: string[] = [];
  let read = 0;
  const tell = (count: number) => {
    read += count;
  };
  const handlers = {
    keep: async (input: unknown) => {
      const { body, params } = input as { body: Bytes; params: { id: string } };
      try {
        if (params.id === 'slow') return { type: body.type, ...(await digest(slowly(body, tell))) };
        return { type: body.type, ...(await digest(body)) };
      } catch (error) {
        seen.push(String(codeOf(error)));
        throw error;
      }
    },
    small: async (input: unknown) => {
      const { bytes: count } = await digest((input as { body: Bytes }).body);
      return { bytes: count };
    },
    ignore: async () => undefined,
    load: async (input: unknown) => {
      const { id } = (input as { params: { id: string } }).params;
      if (id === 'broken') return thenBroken();
      if (id === 'empty') return new Uint8Array(0);
      if (id === 'endless') return endless(seen);
      return bytesOf(pieces(3, 4), { type: 'image/png', length: 12 });
    },
    capped: async () => slowly(pieces(2, 4), () => {}),
  };
  const shared = { clock: systemClock, telemetry, idempotency: undefined, strictOutput: true };
  const operations = operationSet(files, handlers, shared);
  const listener = await openApiListener(
    {
      service: 'files',
      operations,
      routes: [],
      verifier: { verify: async () => anonymous },
      clock: systemClock,
      ids: ids(systemClock, systemRandom),
      telemetry,
    },
    { host: '127.0.0.1', port: 0 },
  );
  const origin = `http://127.0.0.1:${listener.port}`;
  const random = seededRandom(1);
  const instances = staticInstances({ files: [staticInstance('files', origin)] });
  const layers = outboundLayers({
    clock: systemClock,
    random,
    telemetry: silentTelemetry(ids(systemClock, systemRandom)),
    balancer: balancer({ instances, clock: systemClock, random }),
  });
  const transport = httpTransport({ clock: systemClock, signer: { authorize: async () => '' } });
  return {
    origin,
    port: listener.port,
    seen,
    read: () => read,
    telemetry,
    remote: httpClient(files, layers, transport),
    local: localClient(files, layers, { service: 'shop', scopes: () => [] }, () => operations),
    async [Symbol.asyncDispose]() {
      await transport.close();
      await listener.close(100);
    },
  };
}

async function* endless(seen: string[]): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      yield new Uint8Array(65_536);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    seen.push('left');
  }
}

async function* slowly(from: AsyncIterable<Uint8Array>, tell: (count: number) => void): AsyncGenerator<Uint8Array> {
  for await (const piece of from) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    tell(piece.byteLength);
    yield piece;
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !holds(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(holds());
}

for (const way of ['remote', 'local'] as const) {
  test(`${way}: a file goes out and comes back as bytes, with its media type and length`, async () => {
    await using world = await withFiles();
    const client = world[way];
    const kept = await client.keep({ params: { id: 'a' }, body: pieces(100, 1_000) }, testCall());
    assert.deepEqual(kept, { type: 'application/octet-stream', ...(await digest(pieces(100, 1_000))) });
    const typed = bytesOf(new TextEncoder().encode('png'), { type: 'image/png' });
    assert.equal((await client.keep({ params: { id: 'a' }, body: typed }, testCall())).type, 'image/png');
    const loaded = await client.load({ params: { id: 'a' } }, testCall());
    assert.deepEqual([loaded.type, loaded.length], ['image/png', 12]);
    assert.deepEqual(await digest(loaded), await digest(pieces(3, 4)));
    const empty = await client.load({ params: { id: 'empty' } }, testCall());
    assert.deepEqual([empty.type, (await digest(empty)).bytes], ['text/csv', 0]);
  });

  test(`${way}: more bytes than the contract allows, or another media type, are refused`, async () => {
    await using world = await withFiles();
    const client = world[way];
    assert.deepEqual(await client.small({ body: new Uint8Array(1_000) }, testCall()), { bytes: 1_000 });
    for (const body of [new Uint8Array(1_001), pieces(2, 600)])
      await assert.rejects(client.small({ body }, testCall()), (error) => codeOf(error) === 'SERVICE_BODY_TOO_LARGE');
    await assert.rejects(
      client.small({ body: bytesOf(pieces(1, 1), { type: 'text/html' }) }, testCall()),
      (error) => codeOf(error) === 'SERVICE_INPUT_INVALID' && /"text\/html"/.test(String(error)),
    );
    await assert.rejects(
      client.small({ body: 'text' as never }, testCall()),
      (error) => codeOf(error) === 'SERVICE_INPUT_INVALID',
    );
    await assert.rejects(digest(await client.capped({}, testCall())), (error) =>
      ['SERVICE_OUTPUT_INVALID', 'SERVICE_RESPONSE_INVALID'].includes(codeOf(error) ?? ''),
    );
  });

  test(`${way}: a source that breaks off says so, on either side`, async () => {
    await using world = await withFiles();
    const client = world[way];
    await assert.rejects(
      client.keep({ params: { id: 'a' }, body: thenBroken() }, testCall()),
      (error) => /the disk is gone/.test(String(error)) && (way === 'local' || codeOf(error) === 'SERVICE_BODY_BROKEN'),
    );
    if (way === 'remote') await until(() => world.seen.includes('SERVICE_BODY_BROKEN'));
    await assert.rejects(digest(await client.load({ params: { id: 'broken' } }, testCall())), (error) =>
      way === 'local' ? /the disk/.test(String(error)) : codeOf(error) === 'SERVICE_RESPONSE_INVALID',
    );
  });

  test(`${way}: a caller who leaves ends the stream at its source`, async () => {
    await using world = await withFiles();
    const client = world[way];
    for await (const _piece of await client.load({ params: { id: 'endless' } }, testCall())) break;
    await until(() => world.seen.includes('left'));
    const leaving = new AbortController();
    const stream = await client.load({ params: { id: 'endless' } }, testCall({ signal: leaving.signal }));
    await assert.rejects(
      async () => {
        for await (const _piece of stream) leaving.abort();
      },
      (error) => codeOf(error) === 'RESILIENCE_CANCELLED',
    );
    await until(() => world.seen.length === 2);
  });
}

test('what a stranger sends is refused by status: media type, length, a body that nobody reads', async () => {
  await using world = await withFiles();
  const send = (path: string, init: RequestInit) => fetch(world.origin + path, { method: 'POST', ...init });
  const wrong = await send('/small', { body: 'x', headers: { 'content-type': 'text/html' } });
  assert.deepEqual([wrong.status, (await wrong.json()).code], [415, 'SERVICE_MEDIA_TYPE']);
  const long = await send('/small', { body: new Uint8Array(5_000) });
  assert.deepEqual([long.status, (await long.json()).code], [413, 'SERVICE_BODY_TOO_LARGE']);
  assert.equal((await send('/ignored', { body: new Uint8Array(5_000) })).status, 204);
  assert.equal((await send('/ignored', {})).status, 204);
  const head = await fetch(`${world.origin}/files/a`, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-type'), await head.text()], [200, 'image/png', '']);
});

test('an upload that breaks off is an error of the body in the handler, and the next request is served', async () => {
  await using world = await withFiles();
  const socket = createConnection(world.port, '127.0.0.1');
  socket.write('PUT /files/a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this');
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await until(() => world.seen.includes('SERVICE_BODY_BROKEN'));
  assert.equal((await world.remote.small({ body: new Uint8Array(3) }, testCall())).bytes, 3);
});

test('a big upload goes no faster than its reader: what is on the way stays small', async () => {
  await using world = await withFiles();
  let mostUnderway = 0;
  let made = 0;
  async function* counted() {
    for await (const piece of pieces(1_200, 65_536)) {
      made += piece.byteLength;
      mostUnderway = Math.max(mostUnderway, made - world.read());
      yield piece;
    }
  }
  const kept = await world.remote.keep({ params: { id: 'slow' }, body: counted() }, testCall());
  assert.equal(kept.bytes, 1_200 * 65_536);
  assert.ok(mostUnderway < 16 * 2 ** 20, `${mostUnderway} bytes were on the way`);
});

test('a stream is sent once, even if the operation is idempotent; bytes in memory are sent again', async () => {
  let attempts = 0;
  const { createServer } = await import('node:http');
  const server = createServer((incoming, response) => {
    attempts += 1;
    incoming.resume().on('end', () => response.writeHead(503).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const random = seededRandom(1);
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const instances = staticInstances({ files: [staticInstance('files', url)] });
  const telemetry = silentTelemetry(ids(systemClock, systemRandom));
  const layers = outboundLayers({
    clock: systemClock,
    random,
    telemetry,
    balancer: balancer({ instances, clock: systemClock, random }),
  });
  const transport = httpTransport({ clock: systemClock, signer: { authorize: async () => '' } });
  const client = httpClient(files, layers, transport);
  await assert.rejects(client.keep({ params: { id: 'a' }, body: pieces(2, 2) }, testCall()));
  assert.equal(attempts, 1);
  await assert.rejects(client.keep({ params: { id: 'a' }, body: new Uint8Array(4) }, testCall()));
  assert.ok(attempts > 2, `${attempts}`);
  await transport.close();
  server.close();
});

test('OpenAPI names the media types of raw bytes and gives them no schema', () => {
  const { paths } = openApi([files], { title: 'files', version: '1' }) as {
    paths: Record<string, Record<string, { requestBody?: { content: unknown }; responses: Record<string, unknown> }>>;
  };
  assert.deepEqual(paths['/files/{id}']?.put?.requestBody?.content, { 'application/octet-stream': {}, 'image/*': {} });
  assert.deepEqual(paths['/files/{id}']?.get?.responses['200'], {
    description: 'Success',
    content: { 'text/csv': {}, 'image/png': {} },
  });
});

test('an answer that breaks off never looks whole to a client that knows no Dure', async () => {
  await using world = await withFiles();
  const outcome = await new Promise<string>((resolve) => {
    request(`${world.origin}/files/broken`, (answer) => {
      answer
        .resume()
        .on('end', () => resolve('whole'))
        .on('error', () => resolve('broken'));
    })
      .on('error', () => resolve('broken'))
      .end();
  });
  assert.equal(outcome, 'broken');
  assert.match(world.telemetry.lines.join('\n'), /the stream of files\.load broke/);
});
