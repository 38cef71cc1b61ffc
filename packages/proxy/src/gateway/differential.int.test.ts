import assert from 'node:assert/strict';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient, sendRaw } from '../testing/raw-client.ts';
import { plainAnswer } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';

const head =
  /^(GET|HEAD|POST|PUT|DELETE) (\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?) HTTP\/1\.1\r\n((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n/;

/** Reads what arrived at an instance by RFC 9112 alone; the paths of the requests, or why it is not a row of requests. */
function readStrictly(bytes: string): {
  readonly targets: readonly string[];
  readonly left: string;
  readonly wrong?: string;
} {
  const targets: string[] = [];
  let left = bytes;
  while (left !== '') {
    const match = head.exec(left);
    if (match === null) return left.includes('\r\n\r\n') ? { targets, left, wrong: 'head' } : { targets, left };
    const fields = (match[3] ?? '').toLowerCase().split('\r\n');
    const values = (name: string) =>
      fields.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 2));
    const [lengths, codings] = [values('content-length'), values('transfer-encoding')];
    if (values('host').length !== 1 || lengths.length + codings.length > 1) return { targets, left, wrong: 'framing' };
    if (fields.some((line) => /^[^:]*_/.test(line))) return { targets, left, wrong: 'underscore' };
    let rest = left.slice(match[0].length);
    if (codings.length === 1) {
      if (codings[0] !== 'chunked') return { targets, left, wrong: 'coding' };
      for (;;) {
        const size = /^([0-9a-f]+)\r\n/.exec(rest);
        if (size === null) return rest.length > 20 ? { targets, left, wrong: 'chunk' } : { targets, left };
        const length = Number.parseInt(size[1] ?? '', 16);
        const end = size[0].length + length;
        if (rest.length < end + 2) return { targets, left };
        if (rest.slice(end, end + 2) !== '\r\n') return { targets, left, wrong: 'chunk end' };
        rest = rest.slice(end + 2);
        if (length === 0) break;
      }
    } else if (lengths.length === 1) {
      if (!/^\d+$/.test(lengths[0] ?? '')) return { targets, left, wrong: 'length' };
      if (rest.length < Number(lengths[0])) return { targets, left };
      rest = rest.slice(Number(lengths[0]));
    }
    targets.push(match[2] ?? '');
    left = rest;
  }
  return { targets, left };
}

const requests = [
  'GET /things/1 HTTP/1.1\r\nHost: shop\r\nAccept: */*\r\n\r\n',
  'POST /orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\n\r\nhello',
  'POST /orders HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'PUT /things/2?x=1 HTTP/1.1\r\nHost: shop\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\n{}',
];
const gadgets = [
  ...[
    'Transfer-Encoding: chunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding:\tchunked',
  ],
  ...[
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding:\n chunked',
    'Transfer_Encoding: chunked',
    'X: y\rTransfer-Encoding: chunked',
  ],
  ...[
    'Content-Length: 0',
    'Content-Length: 4, 5',
    'Content-Length: +5',
    'Content-Length : 5',
    'content_length: 3',
    'Content-Length: 00000005',
  ],
  ...[
    'Host: evil',
    'Connection: content-length',
    'Connection: transfer-encoding',
    'Expect: 100-continue',
    'Upgrade: h2c',
    ' folded: 1',
  ],
];

type Change =
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'delete'; readonly at: number }
  | { readonly kind: 'replace'; readonly at: number; readonly text: string }
  | { readonly kind: 'field'; readonly text: string };

const character = fc.constantFrom(
  '\r',
  '\n',
  '\0',
  ':',
  '\t',
  ' ',
  'a',
  '0',
  ';',
  '\x7f',
  '\xff',
  '\r\n',
  '\r\n\r\n',
  ',',
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(400), text: character }),
  fc.record({ kind: fc.constant('delete' as const), at: fc.nat(400) }),
  fc.record({ kind: fc.constant('replace' as const), at: fc.nat(400), text: character }),
  fc.record({ kind: fc.constant('field' as const), text: fc.constantFrom(...gadgets) }),
);

function changed(text: string, one: Change): string {
  if (one.kind === 'field') return text.replace('\r\n', `\r\n${one.text}\r\n`);
  const at = one.at % text.length;
  const after = one.kind === 'insert' ? at : at + 1;
  return text.slice(0, at) + (one.kind === 'delete' ? '' : one.text) + text.slice(after);
}

/** An instance that reads strictly and answers each request with its own target. */
async function strictUpstream() {
  const wrong: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let left = '';
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      const read = readStrictly(left + bytes.toString('latin1'));
      left = read.left;
      if (read.wrong !== undefined) wrong.push(`${read.wrong}: ${JSON.stringify(left.slice(0, 300))}`);
      for (const target of read.targets) socket.write(plainAnswer(`for ${target}`));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    wrong,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('whatever a client sends, an instance gets only whole requests that are strictly HTTP, and no one else’s answer is lost', async () => {
  await using upstream = await strictUpstream();
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...requests), { minLength: 1, maxLength: 3 }),
      fc.array(change, { maxLength: 4 }),
      async (texts, changes) => {
        run += 1;
        const client = rawClient(gateway.port);
        client.send(changes.reduce(changed, texts.join('')));
        client.send('\r\n\r\nGET /things/last HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n');
        const sentinel = await sendRaw(
          gateway.port,
          `GET /things/sentinel-${run} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`,
        );
        client.socket.destroy();
        assert.match(sentinel, new RegExp(`\r\n\r\nfor /things/sentinel-${run}$`));
        assert.deepEqual(upstream.wrong, []);
      },
    ),
    { numRuns: 250 },
  );
});
