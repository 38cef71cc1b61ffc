import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient, sendRaw } from '../testing/raw-client.ts';
import { recordingUpstream } from '../testing/recording-upstream.ts';
import { things } from '../testing/test-contract.ts';

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

test('whatever a client sends, an instance gets only whole requests that are strictly HTTP, and no one else’s answer is lost', async () => {
  await using upstream = await recordingUpstream();
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
