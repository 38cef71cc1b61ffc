import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient, sendRaw } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';

// A5 of the test catalogue; what `upstream-failure.int.test.ts` has is not repeated.

const ok = (...lines: readonly string[]) => `${['HTTP/1.1 200 OK', ...lines].join('\r\n')}\r\n\r\n`;
const length = (value: string) => `${ok(`content-length: ${value}`)}hello`;
const coding = (...values: readonly string[]) =>
  `${ok(...values.map((value) => `transfer-encoding: ${value}`))}5\r\nhello\r\n0\r\n\r\n`;
const line = (text: string) => `${text}\r\ncontent-length: 0\r\n\r\n`;
const field = (text: string) => ok(text, 'content-length: 0');
const chunks = (text: string) => `${ok('transfer-encoding: chunked')}5\r\nhello\r\n${text}`;

/** Nobody gets a byte of it: 502. */
const invalid: readonly string[] = [
  ...['+5', '-5', '0x5', '5.0', '5e0', '5, 5', '5,5', '5 5', '', '5;', '"5"', '5\xa0', '9999999999999999'].map(length),
  ok('content-length: 5', 'Content-Length: 5'),
  ok('transfer-encoding: chunked', 'content-length: 0'),
  ...[
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'identity',
    'xchunked',
    'chunked;q=1',
    ',chunked',
    'chunked,',
    '\vchunked',
    '',
  ].map((value) => coding(value)),
  coding('chunked', 'chunked'),
  coding('identity', 'chunked'),
  ...['HTTP/1.2 200 OK', 'HTTP/2 200 OK', 'http/1.1 200 OK', 'HTTP/1.1 20', 'HTTP/1.1 2000', 'HTTP/1.1 099 Low'].map(
    line,
  ),
  ...[
    'HTTP/1.1\t200 OK',
    'HTTP/1.1  200 OK',
    ' HTTP/1.1 200 OK',
    'HTTP/1.1 200 O\0K',
    'HTTP/1.1 200 O\nK',
    'HTTP/1.1200 OK',
  ].map(line),
  line('HTTP/1.0 200 OK\r\ntransfer-encoding: chunked').replace('content-length: 0\r\n', ''),
  ...[
    'colonless',
    ': nameless',
    'x\0a: 1',
    'x a: 1',
    'x-a: \x7f',
    'x-a: 1\r\n\tfolded',
    'x-a: a\nx-b: b',
    'x-a: 1\r',
    '\xe9: 1',
    'x-a\t: 1',
  ].map(field),
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n\x81\x05hello',
  'HTTP/1.1 100 Continue\r\n\r\n'.repeat(9) + plainAnswer('late'),
  `HTTP/1.1 103 Early Hints\r\nx-a : 1\r\n\r\n${plainAnswer('late')}`,
  `HTTP/1.1 ${'2'.repeat(40_000)}`,
  field(Array.from({ length: 5_000 }, (_, index) => `x-${index}: 1`).join('\r\n')),
];

/** The answer has begun and cannot be completed: it is cut off, so that it does not look whole. */
const cut: readonly string[] = [
  ...['-1', '+1', '0x1', '1_0', '1,0', 'g', '', '100000000', `1;${'a'.repeat(300)}`, '1;\0', '1\r', '1;a\nb'].map(
    (size) => chunks(`${size}\r\nxxxxxxxxxxxxxxxx`),
  ),
  ...[
    '5 \r\nworld\r\n0\r\n\r\n',
    '5\r\nworldX\r\n0\r\n\r\n',
    '5\r\nworld\n0\r\n\r\n',
    '5\nworld\r\n0\r\n\r\n',
    '5\r\nworld\r\r0\r\n\r\n',
  ].map(chunks),
  ...[
    '0\r\nx y: 1\r\n\r\n',
    '0\r\ncolonless\r\n\r\n',
    `0\r\nx: ${'a'.repeat(9_000)}\r\n\r\n`,
    '0\r\n folded\r\n\r\n',
    '0\r\n\n',
  ].map(chunks),
];

/** A whole answer from a connection that must not be used again. */
const spent: Readonly<Record<string, string>> = {
  '204 with a body': 'HTTP/1.1 204 No Content\r\n\r\nGARBAGE',
  '204 with a length': 'HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nstole',
  '304 with a body': `HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\nstole`,
  'one line end too many': `${plainAnswer('first')}\r\n`,
  'an interim answer too late': `${plainAnswer('first')}HTTP/1.1 100 Continue\r\n\r\n`,
  'an answer to nobody': `${plainAnswer('first')}${plainAnswer('stole')}`,
  'close among others': ok('connection: keep-alive, Close', 'content-length: 0'),
  'an answer after the last chunk': `${chunks('0\r\n\r\n')}${plainAnswer('stole')}`,
};

async function answered(first: string, write: (socket: Socket) => void) {
  await using upstream = await scriptedUpstream((socket, _sofar, connection) => {
    if (connection === 0) write(socket);
    else socket.write(plainAnswer('sentinel'));
  });
  await using gateway = await openGateway({ exposes: [things], breaker: 'off' });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const get = (id: number) => `GET /things/${id} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`;
  const answer = await sendRaw(gateway.port, get(1));
  const next = await sendRaw(gateway.port, get(2));
  assert.match(next, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nsentinel$/, JSON.stringify(first.slice(0, 200)));
  assert.doesNotMatch(answer, /stole|GARBAGE|sentinel/);
  assert.equal(upstream.received[0]?.includes('/things/2'), false);
  return answer;
}

test('what an instance sends in place of an answer is 502 for one client and nothing for any other', async (t) => {
  for (const bytes of invalid) {
    const answer = await answered(bytes, (socket) => socket.write(bytes, 'latin1'));
    assert.match(answer, /^HTTP\/1\.1 502 [\s\S]*GATEWAY_UPSTREAM_INVALID/, JSON.stringify(bytes.slice(0, 200)));
  }
  t.diagnostic(`${invalid.length + cut.length + Object.keys(spent).length} hostile answers in this file`);
});

test('an answer whose chunks go wrong is cut off for one client, and no other hears of it', async () => {
  for (const bytes of cut) {
    const answer = await answered(bytes, (socket) => socket.write(bytes, 'latin1'));
    assert.match(answer, /^$|^HTTP\/1\.1 200 /);
    assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/, JSON.stringify(bytes.slice(0, 200)));
  }
});

test('an instance that is cut off in the middle leaves an answer that does not look whole', async () => {
  for (const beginning of [ok('content-length: 10'), chunks('a\r\nhalf'), chunks('')]) {
    for (const leave of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      const answer = await answered(beginning, (socket) => socket.write(beginning, () => leave(socket)));
      assert.doesNotMatch(answer, /\r\n0\r\n\r\n$/);
    }
  }
});

for (const [what, bytes] of Object.entries(spent)) {
  test(`a connection in doubt carries no second request: ${what}`, async () => {
    const answer = await answered(what, (socket) => socket.write(bytes, 'latin1'));
    assert.match(answer, /^HTTP\/1\.1 (?:200|204|304) /);
  });
}

test('an answer to HEAD has no body, whatever the instance sends', async () => {
  await using upstream = await scriptedUpstream((socket, _sofar, connection) => {
    socket.write(connection === 0 ? plainAnswer('stole') : plainAnswer('sentinel'));
  });
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const client = rawClient(gateway.port);
  client.send('HEAD /things/1 HTTP/1.1\r\nHost: shop\r\n\r\nGET /things/2 HTTP/1.1\r\nHost: shop\r\n\r\n');
  await client.hears('sentinel');
  assert.doesNotMatch(client.received(), /stole/);
  client.socket.destroy();
});

// A17 of the test catalogue: what is compressed is nobody's business here.
test('compressed bodies pass as they are in both directions, whatever they would become', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20)).toString('latin1');
  const nested = Array.from({ length: 1_000 }, () => 'gzip').join(', ');
  const bodies = [
    ['gzip', bomb],
    ['gzip', bomb.slice(0, 1_000)],
    [nested, 'not at all'],
  ] as const;
  for (const [encoding, body] of bodies) {
    const fields = `Content-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`;
    await using upstream = await scriptedUpstream((socket, sofar) => {
      if (sofar.endsWith(body)) socket.write(`HTTP/1.1 200 OK\r\n${fields}${body}`, 'latin1');
    });
    await using gateway = await openGateway({ exposes: [things] });
    gateway.instances.set('things', [localInstance('things', upstream.port)]);
    const before = process.memoryUsage().rss;
    const answer = await sendRaw(
      gateway.port,
      `PUT /things/1 HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n${fields}${body}`,
    );
    assert.ok(answer.endsWith(`\r\n\r\n${body}`));
    assert.match(upstream.received[0] ?? '', new RegExp(`\r\nContent-Encoding: ${encoding}\r\n`));
    assert.ok(process.memoryUsage().rss - before < 64 * 2 ** 20);
  }
});
