import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom, systemClock } from '@dure/core';
import type { AmbiguousRequest } from '../testing/ambiguous-bodies.ts';
import { ambiguousRequests } from '../testing/ambiguous-requests.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { rawClient } from '../testing/raw-client.ts';
import { recordingUpstream } from '../testing/recording-upstream.ts';
import { readStrictly } from '../testing/strict-request.ts';
import { things } from '../testing/test-contract.ts';
import { oneSpelling } from '../testing/transparency.ts';

const seed = 20_261;
const count = 3_800;
/** So many clients at once; few, so that the next user's request goes out on the connection of the one before. */
const lanes = 4;

/** What the gateway answers what is no request, or what two could read differently. */
const refused = /^HTTP\/1\.1 (?:400|404|405|413|414|417|431|501|505) /;

const last = (mark: string) => `\r\n\r\nGET /things/${mark}-after HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`;

function quantile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return Math.round((values[Math.ceil(share * values.length) - 1] ?? 0) * 10) / 10;
}

// A1 of the test catalogue.
test('of thousands of requests that are none or that two may read differently none reaches an instance, and the next user gets the right answer', async (t) => {
  await using upstream = await recordingUpstream();
  await using gateway = await openGateway({ exposes: [things] });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const sent = new Map<string, number>();
  const tookMs: number[] = [];
  const usersMs: number[] = [];
  const amiss: string[] = [];
  let legal = 0;

  const send = async (request: AmbiguousRequest, mark: string) => {
    const bytes = `${request.bytes.replaceAll('/things/', `/things/${mark}-`).replaceAll('/orders', `/orders?n=${mark}`)}${last(mark)}`;
    const { requests, left, wrong } = readStrictly(bytes);
    for (const { target } of requests) sent.set(oneSpelling(target), (sent.get(oneSpelling(target)) ?? 0) + 1);
    const client = rawClient(gateway.port);
    const from = systemClock.monotonicMs();
    client.send(bytes);
    if (wrong === undefined && left !== '') {
      legal += 1; // the beginning of a request, which may wait for the rest
    } else if (!(await client.closesWithin(1_000))) {
      amiss.push(`left open: ${request.what} ${JSON.stringify(bytes)}`);
    } else if (wrong === undefined) {
      legal += 1;
    } else {
      tookMs.push(systemClock.monotonicMs() - from);
      const answers = client.received().split(/(?=HTTP\/1\.1 \d{3} )/);
      if (!refused.test(answers.at(-1) ?? '')) amiss.push(`${wrong}: ${JSON.stringify([bytes, client.received()])}`);
    }
    client.socket.destroy();
  };

  const requests = ambiguousRequests(seededRandom(seed), count);
  const lane = async (first: number) => {
    const user = rawClient(gateway.port);
    for (let index = first; index < requests.length; index += lanes) {
      await send(requests[index] as AmbiguousRequest, `${index}`);
      const from = systemClock.monotonicMs();
      user.send(`GET /things/${index}-user HTTP/1.1\r\nHost: shop\r\n\r\n`);
      sent.set(`/things/${index}-user`, 1);
      await user.hears(`for /things/${index}-user`);
      usersMs.push(systemClock.monotonicMs() - from);
      assert.equal(user.received().split('HTTP/1.1 ').length - 1, (index - first) / lanes + 1);
    }
    user.socket.destroy();
  };
  await Promise.all(Array.from({ length: lanes }, (_, first) => lane(first)));

  for (const { target } of upstream.arrived) {
    const left = (sent.get(oneSpelling(target)) ?? 0) - 1;
    if (left < 0) amiss.push(`arrived: ${target}`);
    sent.set(oneSpelling(target), left);
  }
  t.diagnostic(
    `seed ${seed}: ${requests.length} sent, ${tookMs.length} refused, ${legal} legal or unfinished, ` +
      `refused and closed after ${quantile(tookMs, 0.5)} ms (median), ${quantile(tookMs, 0.99)} ms (p99), ` +
      `${quantile(tookMs, 1)} ms (longest), users answered after ${quantile(usersMs, 0.99)} ms (p99), ` +
      `${upstream.connections} connections to the instance`,
  );
  assert.deepEqual(amiss.slice(0, 5), []);
  assert.deepEqual(upstream.wrong, []);
  assert.ok(tookMs.length >= 3_000);
  // On a machine that has more to do, everybody waits; a refusal never waits much longer than an answer.
  assert.ok(quantile(tookMs, 0.5) < 50 && quantile(tookMs, 0.99) < 50 + quantile(usersMs, 0.99));
});
