import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { silentTelemetry } from '@dure/telemetry';
import { askAndLeave, askOften } from '../testing/answer-requests.ts';
import { forgetfulUpstream } from '../testing/forgetful-upstream.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { things } from '../testing/test-contract.ts';
import { until } from '../testing/until.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const mebibyte = 2 ** 20;

function figures() {
  collect();
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed / mebibyte, rss: rss / mebibyte };
}

test('memory is flat over a million requests and a hundred thousand that are given up', async (t) => {
  await using upstream = await forgetfulUpstream();
  await using gateway = await openGateway({ exposes: [things], breaker: 'off' }, { telemetry: silentTelemetry() });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const part = async () => {
    await Promise.all(Array.from({ length: 10 }, () => askOften(gateway.port, 10_000)));
    await askAndLeave(gateway.port, 10_000);
    await until('the instance is left', () => upstream.open < 40);
  };
  await part();
  const first = figures();
  for (let index = 1; index < 10; index += 1) {
    await part();
    const { heap, rss } = figures();
    t.diagnostic(`after ${index + 1} tenths: heap ${heap.toFixed(1)} MiB, RSS ${rss.toFixed(0)} MiB`);
  }
  const last = figures();
  t.diagnostic(`after the first tenth: heap ${first.heap.toFixed(1)} MiB, RSS ${first.rss.toFixed(0)} MiB`);
  assert.ok(last.heap - first.heap < 8, `the heap grew from ${first.heap} to ${last.heap} MiB`);
  assert.ok(last.rss - first.rss < 64, `the process grew from ${first.rss} to ${last.rss} MiB`);
});
