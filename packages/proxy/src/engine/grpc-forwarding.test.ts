import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { openEdge } from '../testing/open-edge.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { until } from '../testing/until.ts';
import { PassingAnswer } from './answer.ts';
import type { EdgeHandler } from './edge-layer.ts';
import { grpcForwarding } from './grpc-forwarding.ts';

for (const [name, instances, timeoutMs, asked, endedMs, code] of [
  [
    'is left out after a second, and the call fails when there is no other',
    2,
    5_000,
    [0, 1_000],
    2_000,
    'GATEWAY_CONNECT_FAILED',
  ],
  ['leaves the next one what is left of the call’s time', 2, 1_500, [0, 1_000], 1_500, 'GATEWAY_UPSTREAM_TIMEOUT'],
  ['costs a short call its whole time', 1, 400, [0], 400, 'GATEWAY_UPSTREAM_TIMEOUT'],
] as const) {
  test(`an instance to which no connection comes about ${name}`, async () => {
    const clock = fakeClock();
    const begunMs = clock.monotonicMs();
    const askedAt: number[] = [];
    let endedAt: number | undefined;
    class TimedAnswer extends PassingAnswer {
      override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
        endedAt = clock.monotonicMs() - begunMs;
        super.begin(status, fields, bodyBytes);
      }
    }
    const handler: EdgeHandler = (exchange) => {
      exchange.destination = { ...exchange.destination, timeoutMs };
      exchange.answer = new TimedAnswer(exchange.answer);
      const open = () => void askedAt.push(clock.monotonicMs() - begunMs);
      Object.assign(exchange.engine, { http2: { open, close: () => {} } });
      return grpcForwarding(exchange);
    };
    const all = [localInstance('things', 1), localInstance('things', 2)].slice(0, instances);
    await using edge = await openEdge([], { clock, handler, instances: all });
    const answer = fetch(`${edge.origin}/things`);
    await until('the first is asked', () => askedAt.length === 1);
    while (endedAt === undefined && clock.monotonicMs() < begunMs + 10_000) await clock.advance(100);
    const problem = (await (await answer).json()) as { code: string };
    assert.deepEqual([askedAt, endedAt, problem.code], [asked, endedMs, code]);
  });
}
