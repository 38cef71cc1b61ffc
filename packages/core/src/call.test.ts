import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCall } from './call.ts';
import type { Layer } from './handler.ts';
import { stack } from './handler.ts';
import { testCall, testIds } from './testing/index.ts';
import { newTrace } from './trace-context.ts';

test('a deadline shrinks along the chain and never grows', () => {
  const call = testCall({ deadline: 1_000 });
  assert.equal(call.with({ deadline: 500 }).deadline, 500);
  assert.equal(call.with({ deadline: 5_000 }).deadline, 1_000);
  assert.equal(testCall().deadline, Number.POSITIVE_INFINITY);
});

test('a signal is made when somebody first asks for it, and once', () => {
  let made = 0;
  const make = () => {
    made += 1;
    return new AbortController().signal;
  };
  const call = startCall({ trace: newTrace(testIds()), signal: make });
  const inner = call.with({ deadline: 1 }).with({ idempotencyKey: 'k' });
  assert.equal(made, 0);
  assert.equal(inner.signal, call.signal);
  assert.equal(made, 1);
});

test('a change leaves the original as it was, and can take a value away', () => {
  const call = testCall({ idempotencyKey: 'k', baggage: { tenant: 'a' } });
  const other = call.with({ idempotencyKey: undefined });
  assert.deepEqual([call.idempotencyKey, other.idempotencyKey, other.baggage.tenant], ['k', undefined, 'a']);
});

test('a stack runs its layers outermost first', async () => {
  const order: string[] = [];
  const named =
    (name: string): Layer<string, string> =>
    (next) =>
    async (input, call) => {
      order.push(`${name} in`);
      const output = await next(`${input}${name}`, call);
      order.push(`${name} out`);
      return output;
    };
  const handler = stack(named('a'), named('b'))(async (input) => input.toUpperCase());
  assert.equal(await handler('-', testCall()), '-AB');
  assert.deepEqual(order, ['a in', 'b in', 'b out', 'a out']);
});
