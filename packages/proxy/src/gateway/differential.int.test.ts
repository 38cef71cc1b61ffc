import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { change, changed } from '../testing/mutations.ts';
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
