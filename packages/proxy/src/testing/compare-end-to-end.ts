import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openGateway } from './open-gateway.ts';
import { localInstance } from './open-proxy.ts';
import { rawClient } from './raw-client.ts';
import { recordingUpstream } from './recording-upstream.ts';
import { plainAnswer } from './scripted-upstream.ts';
import { readStrictly } from './strict-request.ts';
import { readAnswers } from './strict-response.ts';
import { things } from './test-contract.ts';
import { changesOfAnswer, changesOfRequest } from './transparency.ts';
import { validAnswer, validRequest } from './valid-messages.ts';

const last = 'GET /things/last HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n';
const interim = /^HTTP\/1\.1 1[\s\S]*?\r\n\r\n/;

/**
 * Sends so many rows of one to three valid requests through a gateway, answers each with something valid, and compares both
 * ways what was sent with what arrived. Any change that is not documented is an error.
 */
export async function compareEndToEnd(numRuns: number, seed: number): Promise<void> {
  const answers = new Map<string, (method: string) => string>();
  await using upstream = await recordingUpstream(({ method, fields }) => {
    const mark = fields.find(([name]) => name === 'x-mark')?.[1] ?? '';
    return answers.get(mark)?.(method) ?? plainAnswer('last');
  });
  await using gateway = await openGateway({ exposes: [things], breaker: 'off' });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const pair = fc.record({ request: validRequest, answer: validAnswer });
  const row = fc.array(pair, { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(row, async (pairs) => {
      answers.clear();
      upstream.arrived.length = 0;
      for (const [mark, { answer }] of pairs.entries()) answers.set(`${mark}`, answer);
      const texts = pairs.map(({ request }, mark) => request.bytes.replace('\r\n', `\r\nX-Mark: ${mark}\r\n`));
      const client = rawClient(gateway.port);
      client.send(texts.join('') + last);
      const received = readAnswers(await client.ended(), [...pairs.map(({ request }) => request.method), 'GET']);
      assert.ok(typeof received !== 'string', `${received}`);
      for (const [mark, { request, answer }] of pairs.entries()) {
        const [sent] = readStrictly(texts[mark] ?? '').requests;
        const arrived = upstream.arrived.filter(({ fields }) =>
          fields.some(([name, value]) => name === 'x-mark' && value === `${mark}`),
        );
        assert.equal(arrived.length, 1, JSON.stringify(received));
        assert.deepEqual(sent && arrived[0] && changesOfRequest(sent, arrived[0]), []);
        const written = readAnswers(answer(request.method).replace(interim, ''), [request.method]);
        assert.ok(typeof written !== 'string', `${written}`);
        assert.deepEqual(written[0] && received[mark] && changesOfAnswer(written[0], received[mark]), []);
      }
      assert.deepEqual(upstream.wrong, []);
    }),
    { numRuns, seed },
  );
}
