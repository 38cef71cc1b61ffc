import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { connect, constants } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { testCertificates } from '../testing/test-certificate.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';
import type { GatewayOptions } from './gateway-options.ts';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** A gateway with TLS before an instance that is a Node.js server, and an HTTP/2 client of it. */
async function worldOf(handle: Handle, options: Partial<GatewayOptions> = {}) {
  const certificates = await testCertificates();
  const { certFile, keyFile } = certificates;
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway = await openGateway({ exposes: [things], tls: { certFile, keyFile }, ...options });
  gateway.instances.set('things', [localInstance('things', (server.address() as AddressInfo).port)]);
  const session = connect(`https://127.0.0.1:${gateway.port}`, { rejectUnauthorized: false });
  session.on('error', () => {});
  return {
    gateway,
    server,
    session,
    async [Symbol.asyncDispose]() {
      session.destroy();
      await gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await certificates[Symbol.asyncDispose]();
    },
  };
}

interface Answer {
  readonly headers: IncomingHttpHeaders & { readonly ':status'?: number | undefined };
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly body: string;
}

function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/things/7', ...headers }, { endStream: body === undefined });
    let [head, trailers, text]: [Answer['headers'], Answer['trailers'], string] = [{}, undefined, ''];
    stream.on('response', (got) => {
      head = got;
    });
    stream.on('trailers', (got) => {
      trailers = got;
    });
    stream.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    stream.on('end', () => resolve({ headers: head, trailers, body: text }));
    stream.on('error', reject);
    if (body !== undefined) stream.end(body);
  });
}

const echo: Handle = (incoming, response) => {
  let body = '';
  incoming.setEncoding('utf8').on('data', (piece: string) => {
    body += piece;
  });
  incoming.on('end', () => {
    const { method, url, rawHeaders, headers } = incoming;
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.end(JSON.stringify({ method, url, rawHeaders, headers, body }));
  });
};

test('HTTP/2 and HTTP/1.1 reach a service in the same words', async () => {
  await using world = await worldOf(echo);
  const answer = await ask(
    world.session,
    { ':method': 'POST', ':path': '/orders?x=1', 'x-thing': 'kept', cookie: 'a=1', 'content-type': 'application/json' },
    '{"a":1}',
  );
  assert.equal(answer.headers[':status'], 200);
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
  assert.match(String(answer.headers['dure-request-id']), /^[0-9a-f]{32}$/);
  const seen = JSON.parse(answer.body);
  assert.deepEqual([seen.method, seen.url, seen.body], ['POST', '/orders?x=1', '{"a":1}']);
  assert.equal(seen.headers['x-thing'], 'kept');
  assert.equal(seen.headers['x-forwarded-proto'], 'https');
  assert.equal(seen.headers['x-forwarded-host'], `127.0.0.1:${world.gateway.port}`);
  assert.equal(seen.headers['transfer-encoding'], 'chunked');
  assert.equal(
    seen.rawHeaders.some((text: string) => text.startsWith(':')),
    false,
  );
  const read = JSON.parse((await ask(world.session, {})).body);
  assert.deepEqual([read.method, read.headers['transfer-encoding']], ['GET', undefined]);
});

test('many requests of one connection are answered at once, each with its own answer', async () => {
  await using world = await worldOf((incoming, response) => {
    setImmediate(() => response.end(String(incoming.url).repeat(100)));
  });
  const paths = Array.from({ length: 100 }, (_, index) => `/things/${index}`);
  const answers = await Promise.all(paths.map((path) => ask(world.session, { ':method': 'PUT', ':path': path })));
  for (const [index, { body }] of answers.entries()) assert.equal(body, paths[index]?.repeat(100));
});

test('refusals, own addresses and answers without a body are as ever', async () => {
  await using world = await worldOf((_, response) => response.writeHead(204).end());
  const missing = await ask(world.session, { ':path': '/nowhere' });
  assert.deepEqual([missing.headers[':status'], JSON.parse(missing.body).code], [404, 'GATEWAY_NOT_FOUND']);
  const denied = await ask(world.session, { ':path': '/mine' });
  assert.deepEqual([denied.headers[':status'], JSON.parse(denied.body).code], [401, 'SERVICE_TOKEN_MISSING']);
  assert.match((await ask(world.session, { ':path': '/openapi.json' })).body, /"openapi"/);
  assert.equal((await ask(world.session, {})).headers[':status'], 204);
  const head = await ask(world.session, { ':method': 'HEAD' });
  assert.deepEqual([head.headers[':status'], head.body], [204, '']);
  assert.equal((await ask(world.session, { ':method': 'OPTIONS', ':path': '*' })).headers[':status'], 204);
});

test('trailer fields pass both ways', async () => {
  let heard: Record<string, string | undefined> | undefined;
  await using world = await worldOf((incoming, response) => {
    incoming.resume().on('end', () => {
      heard = { ...incoming.trailers, te: String(incoming.headers.te) };
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('hello');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    });
  });
  assert.equal((await ask(world.session, { te: 'trailers' })).trailers?.['x-sum'], '42');
  assert.equal((await ask(world.session, {})).trailers, undefined);
  const stream = world.session.request(
    { ':method': 'POST', ':path': '/orders', te: 'trailers' },
    { waitForTrailers: true, endStream: false },
  );
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-own': '7', authorization: 'Bearer ann' }));
  stream.end('body');
  stream.resume();
  await new Promise((resolve) => stream.on('end', resolve));
  assert.deepEqual(heard, { 'x-own': '7', te: 'trailers' });
});

test('32 MiB pass in each direction while the other side is slow, without being held', async () => {
  const size = 32 * 2 ** 20;
  let got = 0;
  await using world = await worldOf(
    (incoming, response) => {
      incoming.on('data', (piece: Buffer) => {
        got += piece.length;
      });
      incoming.on('end', () => response.end(Buffer.alloc(size)));
    },
    { limits: { maxBodyBytes: 2 * size } },
  );
  const stream = world.session.request({ ':method': 'PUT', ':path': '/things/7' });
  let left = size;
  const send = () => {
    while (left > 0) {
      left -= 2 ** 16;
      if (!stream.write(Buffer.alloc(2 ** 16))) {
        stream.once('drain', send);
        return;
      }
    }
    stream.end();
  };
  send();
  let received = 0;
  stream.on('data', (piece: Buffer) => {
    received += piece.length;
    if (received < 2 ** 20) {
      stream.pause();
      setImmediate(() => stream.resume());
    }
  });
  await new Promise((resolve) => stream.on('end', resolve));
  assert.deepEqual([got, received], [size, size]);
});

test('a client that leaves cancels the request at the instance, and others of its connection go on', async () => {
  let left = 0;
  await using world = await worldOf((incoming, response) => {
    if (incoming.url === '/things/8') response.end('fine');
    else response.on('close', () => (left += 1));
  });
  const stream = world.session.request({ ':path': '/things/7' });
  stream.on('error', () => {});
  await until('it is at the instance', () =>
    /dure_gateway_in_flight\S* 1/.test(world.gateway.telemetry.metrics.prometheus()),
  );
  stream.close(constants.NGHTTP2_CANCEL);
  await until('the instance is told', () => left === 1);
  assert.equal((await ask(world.session, { ':path': '/things/8' })).body, 'fine');
  await until('it is counted', () => /status="499"/.test(world.gateway.telemetry.metrics.prometheus()));
});

test('an answer that breaks off resets its stream', async () => {
  await using world = await worldOf((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setImmediate(() => response.destroy());
  });
  await assert.rejects(ask(world.session, {}), { code: 'ERR_HTTP2_STREAM_ERROR' });
});

test('a body that is too large is 413 and its stream ends; the connection stays', async () => {
  await using world = await worldOf(echo, { limits: { maxBodyBytes: 1_000 } });
  const refused = await ask(world.session, { ':method': 'POST', ':path': '/orders' }, Buffer.alloc(100_000));
  assert.equal(refused.headers[':status'], 413);
  assert.equal((await ask(world.session, {})).headers[':status'], 200);
});

test('a closing gateway lets requests of HTTP/2 end and takes no new ones', async () => {
  let held: ServerResponse | undefined;
  await using world = await worldOf((_, response) => {
    held = response;
  });
  const waiting = ask(world.session, {});
  await until('the request is at the instance', () => held !== undefined);
  const goaway = new Promise((resolve) => world.session.once('goaway', resolve));
  const closing = world.gateway.close(5_000);
  await goaway;
  held?.end('in time');
  assert.equal((await waiting).body, 'in time');
  await closing;
});

test('clients that want HTTP/1.1 get it, also when there is no HTTP/2 at all', async () => {
  await using certificates = await testCertificates();
  const { certFile, keyFile } = certificates;
  await using world = await worldOf(echo, { tls: { certFile, keyFile, http2: false } });
  await until('the client gives up', () => world.session.destroyed);
});
