import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { openGateway } from '../testing/open-gateway.ts';
import type { OpenProxy } from '../testing/open-proxy.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';

/** A port where nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function serve(gateway: OpenProxy, ...ports: readonly number[]): void {
  gateway.instances.set(
    'things',
    ports.map((port) => localInstance('things', port)),
  );
}

async function problemOf(
  answer: Response,
): Promise<{ readonly status: number; readonly code: string; readonly text: string }> {
  const text = await answer.text();
  assert.equal(answer.headers.get('content-type'), 'application/problem+json', text);
  const problem = JSON.parse(text);
  assert.equal(problem.status, answer.status);
  assert.equal(problem.type, `urn:dure:error:${problem.code}`);
  assert.equal(problem.traceId, answer.headers.get('dure-request-id'));
  return { status: answer.status, code: problem.code, text };
}

const order = { method: 'POST', body: '{"sku":"A-1"}', headers: { 'content-type': 'application/json' } } as const;
const ordered = (key: string) => ({ ...order, headers: { ...order.headers, 'idempotency-key': key } });

test('without an instance the answer is 503 with Retry-After and names no host', async () => {
  await using gateway = await openGateway({ exposes: [things] });
  const answer = await fetch(`${gateway.origin}/things/7`);
  assert.equal(answer.headers.get('retry-after'), '1');
  const { status, code, text } = await problemOf(answer);
  assert.deepEqual([status, code], [503, 'GATEWAY_NO_INSTANCE']);
  assert.doesNotMatch(text, /127\.0\.0\.1|stack|node:/);
});

test('an instance that cannot be reached is left out: any request goes to the next one, a body included', async () => {
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (/\r\n\r\n(\{.*\})?$/.test(sofar)) socket.write(plainAnswer('fine'));
  });
  await using gateway = await openGateway({ exposes: [things] });
  serve(gateway, await deadPort(), upstream.port);
  for (let index = 0; index < 20; index += 1) {
    const answer = await fetch(
      `${gateway.origin}${index % 2 === 0 ? '/things/7' : '/orders'}`,
      index % 2 === 0 ? {} : order,
    );
    assert.deepEqual([answer.status, await answer.text()], [200, 'fine']);
  }
});

test('when no instance can be reached the answer is 502, after each was tried once', async () => {
  await using gateway = await openGateway({ exposes: [things] });
  serve(gateway, await deadPort(), await deadPort());
  const { status, code, text } = await problemOf(await fetch(`${gateway.origin}/things/7`));
  assert.deepEqual([status, code], [502, 'GATEWAY_CONNECT_FAILED']);
  assert.doesNotMatch(text, /ECONNREFUSED|127\.0\.0\.1/);
  await until('the spans have ended', () => gateway.telemetry.spans.length === 3);
  assert.equal(gateway.telemetry.logs.length, 2);
});

test('a connection the instance closed while idle is not an error: the request goes out on a fresh one', async () => {
  await using upstream = await scriptedUpstream((socket, sofar, connection) => {
    const requests = sofar.split('\r\n\r\n').length - 1;
    if (connection === 0 && requests === 2) socket.destroy();
    else socket.write(plainAnswer(`connection ${connection}`));
  });
  await using gateway = await openGateway({ exposes: [things] });
  serve(gateway, upstream.port);
  const ask = async () => (await fetch(`${gateway.origin}/things/7`)).text();
  assert.deepEqual([await ask(), await ask()], ['connection 0', 'connection 1']);
});

test('an instance that hangs up before it answers: what may be repeated is repeated elsewhere, the rest is 502', async () => {
  await using bad = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('}') || sofar.startsWith('GET')) socket.destroy();
  });
  await using good = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('}') || sofar.startsWith('GET')) socket.write(plainAnswer('fine'));
  });
  for (const [path, init, repeated] of [
    ['/things/7', {}, true],
    ['/orders', ordered('k-1'), true],
    ['/orders', order, false],
  ] as const) {
    const outcomes = new Set<string>();
    for (let run = 0; run < 12; run += 1) {
      await using gateway = await openGateway({ exposes: [things] });
      serve(gateway, ...(run % 2 === 0 ? [bad.port, good.port] : [good.port, bad.port]));
      const answer = await fetch(`${gateway.origin}${path}`, init);
      outcomes.add(answer.status === 200 ? await answer.text() : (await problemOf(answer)).code);
    }
    assert.equal(outcomes.has('GATEWAY_UPSTREAM_CLOSED'), !repeated, path);
    assert.ok(outcomes.has('fine'));
  }
  const keys = good.received.filter(
    (text) => text.includes('dure-attempt: 2') && text.includes('idempotency-key: k-1'),
  );
  assert.ok(keys.length > 0 && keys.every((text) => text.endsWith('\r\n\r\n{"sku":"A-1"}')));
});

test('an instance that does not answer in the operation’s time is 504', async () => {
  await using upstream = await scriptedUpstream(() => {});
  await using gateway = await openGateway({ exposes: [things] });
  serve(gateway, upstream.port);
  const { status, code } = await problemOf(await fetch(`${gateway.origin}/things/7`));
  assert.deepEqual([status, code], [504, 'GATEWAY_UPSTREAM_TIMEOUT']);
  await until('the connection is given up', () => upstream.sockets[0]?.destroyed === true);
});

test('an answer that breaks off never looks whole', async () => {
  const beginnings = [
    'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n',
  ];
  for (const beginning of beginnings) {
    await using upstream = await scriptedUpstream((socket) => socket.end(beginning));
    await using gateway = await openGateway({ exposes: [things] });
    serve(gateway, upstream.port);
    const client = rawClient(gateway.port);
    client.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
    const answer = await client.ended();
    assert.match(answer, /^$|^HTTP\/1\.1 200 OK/);
    assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/);
  }
});

test('an answer that stalls is given up', async () => {
  await using upstream = await scriptedUpstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
  });
  await using gateway = await openGateway({ exposes: [things], limits: { stallTimeoutMs: 100 } });
  serve(gateway, upstream.port);
  const client = rawClient(gateway.port);
  client.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
  assert.match(await client.ended(), /half$/);
  await until('the instance’s connection is given up', () => upstream.sockets[0]?.destroyed === true);
});

test('a client that does not read its answer is given up, and the instance is not blamed', async () => {
  await using upstream = await scriptedUpstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n');
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
    };
    socket.on('drain', more);
    more();
  });
  await using gateway = await openGateway({ exposes: [things], limits: { stallTimeoutMs: 200 } });
  serve(gateway, upstream.port);
  const clients = Array.from({ length: 12 }, () => rawClient(gateway.port));
  for (const client of clients) {
    client.socket.pause();
    client.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
  }
  await until(
    'the instance’s connections are given up',
    () => upstream.sockets.length === 12 && upstream.sockets.every(({ destroyed }) => destroyed),
  );
  const other = rawClient(gateway.port);
  other.send('GET /things/7 HTTP/1.1\r\nHost: shop\r\n\r\n');
  await other.hears('HTTP/1.1 200 ');
  for (const client of [other, ...clients]) client.socket.destroy();
});

test('more connections to an instance than allowed are refused at once, with 503', async () => {
  await using upstream = await scriptedUpstream(() => {});
  await using gateway = await openGateway({ exposes: [things], limits: { maxUpstreamConnections: 2 } });
  serve(gateway, upstream.port);
  const held = [1, 2].map(() => {
    const client = rawClient(gateway.port);
    client.send('GET /things/7/events HTTP/1.1\r\nHost: shop\r\n\r\n');
    return client;
  });
  await until('both are at the instance', () => upstream.sockets.length === 2);
  const answer = await fetch(`${gateway.origin}/things/7`);
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.deepEqual((await problemOf(answer)).code, 'GATEWAY_OVERLOADED');
  for (const client of held) client.socket.destroy();
});

test('connections to an instance that left the list are closed', async () => {
  await using upstream = await scriptedUpstream((socket) => socket.write(plainAnswer('fine')));
  await using gateway = await openGateway({ exposes: [things] });
  serve(gateway, upstream.port);
  await (await fetch(`${gateway.origin}/things/7`)).text();
  assert.equal(upstream.sockets[0]?.destroyed, false);
  serve(gateway);
  await until('the connection is closed', () => upstream.sockets[0]?.destroyed === true);
});

// Each is sent in place of an answer; after it the connection must not carry another request.
const hostile: Readonly<Record<string, string>> = {
  'not HTTP': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
  'HTTP/2 preface answer': '\0\0\x12\x04\0\0\0\0\0\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
  'length and chunks': 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'an unknown coding': 'HTTP/1.1 200 OK\r\ntransfer-encoding: br\r\n\r\nx',
  'a folded field': 'HTTP/1.1 200 OK\r\nx-a: 1\r\n folded\r\ncontent-length: 0\r\n\r\n',
  'a space before the colon': 'HTTP/1.1 200 OK\r\nx-a : 1\r\ncontent-length: 0\r\n\r\n',
  'a NUL in a value': 'HTTP/1.1 200 OK\r\nx-a: \0\r\ncontent-length: 0\r\n\r\n',
  'a bare CR in a value': 'HTTP/1.1 200 OK\r\nx-a: a\rb\r\ncontent-length: 0\r\n\r\n',
  'bare line feeds': 'HTTP/1.1 200 OK\ncontent-length: 0\n\nHTTP/1.1 200 OK\r\n\r\n',
  '101 that nobody asked for': 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n',
  'endless interim answers': 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50),
  'a head of 64 KiB': `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(65_536)}\r\n\r\n`,
  'status 999': 'HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n',
  'half a head, then the end': 'HTTP/1.1 200 OK\r\ncontent-le',
};

for (const [what, bytes] of Object.entries(hostile)) {
  test(`a hostile instance gets nobody anything but 502: ${what}`, async () => {
    await using upstream = await scriptedUpstream((socket, _sofar, connection) => {
      if (connection > 0) socket.write(plainAnswer('sentinel'));
      else if (what.startsWith('half')) socket.end(bytes, 'latin1');
      else socket.write(bytes, 'latin1');
    });
    await using gateway = await openGateway({ exposes: [things] });
    serve(gateway, upstream.port);
    const { status, code } = await problemOf(await fetch(`${gateway.origin}/things/7`));
    assert.deepEqual([status, code], [502, 'GATEWAY_UPSTREAM_INVALID']);
    const sentinel = await fetch(`${gateway.origin}/things/8`);
    assert.equal(await sentinel.text(), 'sentinel');
    assert.equal(upstream.received.length, 2);
  });
}

// Each is a whole answer and something more that belongs to nobody.
const excess: Readonly<Record<string, string>> = {
  'a second answer': `${plainAnswer('first')}${plainAnswer('stolen')}`,
  'bytes after the body': `${plainAnswer('first')}GARBAGE`,
  'bytes after the chunks':
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  'Connection: close': 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nfirst',
  'HTTP/1.0': 'HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nfirst',
};

for (const [what, bytes] of Object.entries(excess)) {
  test(`no byte of one answer reaches another request: ${what}`, async () => {
    await using upstream = await scriptedUpstream((socket, _sofar, connection) => {
      socket.write(connection === 0 ? bytes : plainAnswer('sentinel'), 'latin1');
    });
    await using gateway = await openGateway({ exposes: [things] });
    serve(gateway, upstream.port);
    assert.equal(await (await fetch(`${gateway.origin}/things/7`)).text(), 'first');
    assert.equal(await (await fetch(`${gateway.origin}/things/8`)).text(), 'sentinel');
  });
}

test('bytes on an idle connection end it', async () => {
  await using upstream = await scriptedUpstream((socket, _sofar, connection) => {
    socket.write(plainAnswer(connection === 0 ? 'first' : 'sentinel'));
  });
  await using gateway = await openGateway({ exposes: [things] });
  serve(gateway, upstream.port);
  assert.equal(await (await fetch(`${gateway.origin}/things/7`)).text(), 'first');
  upstream.sockets[0]?.write(plainAnswer('poison'));
  await until('the connection is closed', () => upstream.sockets[0]?.destroyed === true);
  assert.equal(await (await fetch(`${gateway.origin}/things/8`)).text(), 'sentinel');
});

test('a body without length ends with the connection, and an interim answer before it is passed over', async () => {
  await using upstream = await scriptedUpstream((socket) => {
    socket.end('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nuntil the end');
  });
  await using gateway = await openGateway({ exposes: [things] });
  serve(gateway, upstream.port);
  assert.equal(await (await fetch(`${gateway.origin}/things/7`)).text(), 'until the end');
});

test('an answer that comes before the body was read is passed on and its connection is not used again', async () => {
  await using upstream = await scriptedUpstream((socket, _sofar, connection) => {
    if (connection === 0) socket.write(plainAnswer('too early', '413 Payload Too Large'));
    else socket.write(plainAnswer('sentinel'));
  });
  await using gateway = await openGateway({ exposes: [things] });
  serve(gateway, upstream.port);
  const client = rawClient(gateway.port);
  client.send('PUT /things/7 HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\nhalf');
  await client.hears('too early');
  client.send('-half.');
  client.send('GET /things/8 HTTP/1.1\r\nHost: shop\r\n\r\n');
  await client.hears('sentinel');
  assert.equal(upstream.received[0]?.includes('GET /things/8'), false);
  client.socket.destroy();
});

test('heads and bodies that arrive byte by byte are put together', async () => {
  const bytes = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n');
  await using upstream = await scriptedUpstream((socket) => {
    socket.setNoDelay(true);
    const next = (at: number) => {
      if (at < bytes.length) socket.write(bytes.subarray(at, at + 1), () => setImmediate(() => next(at + 1)));
    };
    next(0);
  });
  await using gateway = await openGateway({ exposes: [things] });
  serve(gateway, upstream.port);
  assert.equal(await (await fetch(`${gateway.origin}/things/7`)).text(), 'hello');
});
