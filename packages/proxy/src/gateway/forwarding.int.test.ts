import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';
import { until, within } from '../testing/until.ts';
import type { GatewayOptions } from './gateway-options.ts';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** A gateway in front of one instance that is a Node.js server. */
async function gatewayTo(handle: Handle, options: Partial<GatewayOptions> = {}) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway = await openGateway({ exposes: [things], ...options });
  const { port } = server.address() as AddressInfo;
  gateway.instances.set('things', [localInstance('things', port)]);
  return {
    gateway,
    server,
    port,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const echo: Handle = (incoming, response) => {
  let body = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (piece: string) => {
    body += piece;
  });
  incoming.on('end', () => {
    const { method, url, headers } = incoming;
    const text = JSON.stringify({ method, url, headers, body });
    response.setHeader('content-type', 'application/json');
    response.setHeader('content-length', Buffer.byteLength(text));
    response.end(text);
  });
};

test('a request reaches the service with its path, query, fields and body, and the answer comes back', async () => {
  await using world = await gatewayTo(echo);
  const answer = await fetch(`${world.gateway.origin}/orders?x=1&y=%EA%B9%80`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k-1', 'x-thing': 'kept' },
    body: '{"sku":"A-1"}',
  });
  const seen = await answer.json();
  assert.deepEqual([seen.method, seen.url, seen.body], ['POST', '/orders?x=1&y=%EA%B9%80', '{"sku":"A-1"}']);
  assert.equal(seen.headers['idempotency-key'], 'k-1');
  assert.equal(seen.headers['x-thing'], 'kept');
  assert.equal(seen.headers['content-length'], '13');
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(answer.headers.get('via'), '1.1 dure');
});

test('the service hears who asked, how long there is and which trace it belongs to, whatever the client claims', async () => {
  await using world = await gatewayTo(echo);
  const { headers } = await fetch(`${world.gateway.origin}/things/7`, {
    headers: {
      'x-forwarded-for': '6.6.6.6',
      forwarded: 'for=6.6.6.6',
      'dure-timeout-ms': '999999',
      'dure-request-id': 'forged',
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      baggage: 'user=root',
    },
  }).then(async (answer) => ({ headers: (await answer.json()).headers }));
  const { host } = new URL(world.gateway.origin);
  assert.equal(headers.host, `127.0.0.1:${world.port}`);
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-host'], host);
  assert.equal(headers['x-forwarded-proto'], 'http');
  assert.equal(headers.forwarded, `for=127.0.0.1;host="${host}";proto=http`);
  assert.equal(headers['dure-timeout-ms'], '400');
  assert.equal(headers.baggage, undefined);
  const [, traceId, spanId] = String(headers.traceparent).split('-');
  assert.notEqual(traceId, 'a'.repeat(32));
  assert.equal(headers['dure-request-id'], traceId);
  await until('both spans have ended', () => world.gateway.telemetry.spans.length === 2);
  const [client, server] = world.gateway.telemetry.spans;
  assert.deepEqual(
    [client?.kind, client?.context.spanId, client?.parentId, server?.kind, server?.name, server?.context.traceId],
    ['client', spanId, server?.context.spanId, 'server', 'GET /things/:id', traceId],
  );
  assert.equal(server?.attributes['http.response.status_code'], 200);
});

test('connections to an instance are kept and shared', async () => {
  await using world = await gatewayTo(echo);
  let connections = 0;
  world.server.on('connection', () => {
    connections += 1;
  });
  for (let index = 0; index < 20; index += 1) await (await fetch(`${world.gateway.origin}/things/${index}`)).text();
  assert.equal(connections, 1);
});

test('HEAD is answered without a body and the connection stays usable', async () => {
  await using world = await gatewayTo(echo);
  const head = await fetch(`${world.gateway.origin}/things/7`, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.ok(Number(head.headers.get('content-length')) > 0);
  assert.equal((await (await fetch(`${world.gateway.origin}/things/8`)).json()).url, '/things/8');
});

test('204 and 304 have no body, refusals of the service pass untouched', async () => {
  await using world = await gatewayTo((incoming, response) => {
    const status = Number(incoming.url?.split('/').pop());
    response.writeHead(status, { 'content-type': 'application/problem+json', etag: '"1"' });
    response.end(status < 400 ? undefined : '{"refusal":"SoldOut"}');
  });
  for (const [status, body] of [
    [204, ''],
    [304, ''],
    [409, '{"refusal":"SoldOut"}'],
    [503, '{"refusal":"SoldOut"}'],
  ] as const) {
    const answer = await fetch(`${world.gateway.origin}/things/${status}`);
    assert.deepEqual([answer.status, await answer.text()], [status, body]);
  }
});

test('a server-sent event arrives when it is sent, and the end of the client ends the instance’s answer', async () => {
  let left = false;
  let events: ServerResponse | undefined;
  await using world = await gatewayTo((_incoming, response) => {
    events = response;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    response.on('close', () => {
      left = true;
    });
  });
  const client = rawClient(world.gateway.port);
  client.send('GET /things/7/events HTTP/1.1\r\nHost: shop\r\n\r\n');
  await client.hears('\r\n\r\n');
  assert.match(client.received(), /^HTTP\/1\.1 200 OK\r\n/);
  for (const state of ['pending', 'confirmed']) {
    events?.write(`data: ${state}\n\n`);
    await client.hears(`data: ${state}`);
  }
  client.socket.destroy();
  await until('the instance notices', () => left);
  await until('nothing is under way', () => world.gateway.telemetry.spans.length === 2);
});

test('a stream of events outlives the operation’s time, which is for its beginning only', async () => {
  let events: ServerResponse | undefined;
  await using world = await gatewayTo(
    (_incoming, response) => {
      events = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    },
    { limits: { stallTimeoutMs: 50 } },
  );
  const client = rawClient(world.gateway.port);
  client.send('GET /things/7/events HTTP/1.1\r\nHost: shop\r\n\r\n');
  await client.hears('\r\n\r\n');
  assert.equal(await within(600, () => client.isClosed()), false);
  events?.write('data: late\n\n');
  await client.hears('data: late');
});

test('a client that leaves before the answer cancels the request at the instance', async () => {
  let left = false;
  let arrived = false;
  await using world = await gatewayTo((_incoming, response) => {
    arrived = true;
    response.on('close', () => {
      left = true;
    });
  });
  const client = rawClient(world.gateway.port);
  client.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
  await until('the request arrived', () => arrived);
  client.socket.destroy();
  await until('the instance notices', () => left);
});

test('160 MiB pass in each direction, whoever is slow, without being held in memory', async () => {
  const size = 160 * 2 ** 20;
  const piece = Buffer.alloc(2 ** 18, 7);
  let received = 0;
  await using world = await gatewayTo(
    (incoming, response) => {
      incoming.on('data', ({ length }: Buffer) => {
        received += length;
        incoming.pause();
        setImmediate(() => incoming.resume());
      });
      incoming.on('end', () => {
        let sent = 0;
        const more = () => {
          while (sent < size) {
            sent += piece.length;
            if (!response.write(piece)) {
              response.once('drain', more);
              return;
            }
          }
          response.end();
        };
        more();
      });
    },
    { limits: { maxBodyBytes: 2 * size } },
  );
  const before = process.memoryUsage().rss;
  let peak = 0;
  const returned = await new Promise<number>((resolve, reject) => {
    const outgoing = request(`${world.gateway.origin}/things/7`, { method: 'PUT' }, (answer) => {
      let bytes = 0;
      answer.on('data', ({ length }: Buffer) => {
        bytes += length;
        peak = Math.max(peak, process.memoryUsage().rss);
        answer.pause();
        setImmediate(() => answer.resume());
      });
      answer.on('end', () => resolve(bytes));
    });
    outgoing.on('error', reject);
    let sent = 0;
    const more = () => {
      while (sent < size) {
        sent += piece.length;
        if (!outgoing.write(piece)) {
          outgoing.once('drain', more);
          return;
        }
      }
      outgoing.end();
    };
    more();
  });
  assert.deepEqual([received, returned], [size, size]);
  assert.ok(peak - before < 120 * 2 ** 20, `memory grew by ${Math.round((peak - before) / 2 ** 20)} MiB`);
});

test('Expect: 100-continue is answered only when an instance takes the body', async () => {
  await using world = await gatewayTo(echo);
  const refused = rawClient(world.gateway.port);
  refused.send('POST /things HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
  await refused.hears('SERVICE_TOKEN_MISSING');
  assert.match(await refused.ended(), /^HTTP\/1\.1 401 /);
  const client = rawClient(world.gateway.port);
  client.send('POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
  await client.hears('HTTP/1.1 100 Continue\r\n\r\n');
  client.send('{}');
  await client.hears('"body":"{}"');
  client.socket.destroy();
});

test('pipelined requests are answered in order', async () => {
  await using world = await gatewayTo(echo);
  const client = rawClient(world.gateway.port);
  client.send(Array.from({ length: 5 }, (_, index) => `GET /things/${index} HTTP/1.1\r\nHost: shop\r\n\r\n`).join(''));
  await client.hears('/things/4');
  const order = [...client.received().matchAll(/"url":"\/things\/(\d)"/g)].map(([, index]) => index).join('');
  assert.equal(order, '01234');
  client.socket.destroy();
});

test('an HTTP/1.0 client gets a whole answer and a closed connection', async () => {
  await using world = await gatewayTo((_incoming, response) => {
    response.write('one ');
    response.end('two');
  });
  const client = rawClient(world.gateway.port);
  client.send('GET /things/7 HTTP/1.0\r\nHost: shop\r\n\r\n');
  const answer = await client.ended();
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
  assert.doesNotMatch(answer, /transfer-encoding/i);
  assert.match(answer, /\r\n\r\none two$/);
});

test('many requests at once over few and many connections all get their own answer', async () => {
  await using world = await gatewayTo(echo);
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const ask = (index: number) =>
    new Promise<string>((resolve, reject) => {
      const body = index % 3 === 0 ? `{"n":${index}}` : '';
      const path = body === '' ? `/things/${index}` : `/orders?n=${index}`;
      const outgoing = request(
        `${world.gateway.origin}${path}`,
        { agent, method: body === '' ? 'GET' : 'POST' },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (part: string) => {
            text += part;
          });
          answer.on('end', () => resolve(text));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const answers = await Promise.all(Array.from({ length: 1_000 }, (_, index) => ask(index)));
  for (const [index, text] of answers.entries()) {
    const seen = JSON.parse(text);
    assert.equal(seen.url, index % 3 === 0 ? `/orders?n=${index}` : `/things/${index}`);
    assert.equal(seen.body, index % 3 === 0 ? `{"n":${index}}` : '');
  }
  agent.destroy();
});

test('a chunked request goes on in chunks', async () => {
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('0\r\n\r\n')) socket.write(plainAnswer('done'));
  });
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const client = rawClient(gateway.port);
  client.send('PUT /things/7 HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
  await until('the first chunk arrived', () => upstream.received[0]?.includes('3\r\nabc\r\n') === true);
  client.send('2;x=1\r\nde\r\n0\r\n\r\n');
  await client.hears('done');
  assert.match(upstream.received[0] ?? '', /transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n$/);
  client.socket.destroy();
});

test('a request to upgrade is answered as an ordinary one', async () => {
  await using world = await gatewayTo(echo);
  const client = rawClient(world.gateway.port);
  client.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await client.hears('"url":"/things/7"');
  assert.doesNotMatch(client.received(), /upgrade|websocket/i);
  client.socket.destroy();
});

test('whose answers were stood in for is told to outsiders by kind and age only; the trace has all of it', async () => {
  const field = 'product.getProduct;kind=last-good;age=12, user.getUser;kind=value';
  await using world = await gatewayTo((_, response) => response.setHeader('dure-fallback', field).end('{}'));
  const answer = await fetch(`${world.gateway.origin}/things/7`);
  await answer.text();
  assert.equal(answer.headers.get('dure-fallback'), 'last-good;age=12, value');
  await until('both spans have ended', () => world.gateway.telemetry.spans.length === 2);
  assert.equal(world.gateway.telemetry.spans.at(-1)?.attributes['dure.fallback'], field);
});

test('a field of stand-ins that nobody understands is not passed on', async () => {
  await using world = await gatewayTo((_, response) => response.setHeader('dure-fallback', 'internal-name').end('{}'));
  const answer = await fetch(`${world.gateway.origin}/things/7`);
  assert.equal(answer.headers.get('dure-fallback'), null);
});
