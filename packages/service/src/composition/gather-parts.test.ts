import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wait } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import fc from 'fast-check';
import { z } from 'zod';
import { contract, get } from '../contract/index.ts';
import { serviceErrors } from '../errors.ts';
import { gatherParts } from './gather-parts.ts';
import { partPlan } from './part.ts';

const things = contract('things', { get: get('/', { output: z.object({}), access: 'public' }) });
const pageOperation = contract('pages', { get: get('/', { output: z.object({}), access: 'public', timeoutMs: 700 }) })
  .operations.get;

type Mode = 'required' | 'optional' | 'fallback';

interface Node {
  readonly mode: Mode;
  /** Which of the parts before it it waits for. */
  readonly after: readonly number[];
  readonly share: number;
  readonly durationMs: number;
  readonly fails: boolean;
  /** Whether its client ends when it is told to. */
  readonly obeys: boolean;
}

const node = (index: number): fc.Arbitrary<Node> =>
  fc.record({
    mode: fc.constantFrom<Mode>('required', 'optional', 'fallback'),
    after: index === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(index - 1), { maxLength: 3 }),
    share: fc.integer({ min: 1, max: 9 }).map((tenths) => tenths / 10),
    durationMs: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constant(100_000)),
    fails: fc.boolean(),
    obeys: fc.boolean(),
  });
const graph = fc
  .integer({ min: 1, max: 7 })
  .chain((size) => fc.tuple(...Array.from({ length: size }, (_, index) => node(index))));

interface Expected {
  /** When each part is settled, in milliseconds from the start; what stands in or is absent included. */
  readonly settledMs: readonly number[];
  readonly statuses: readonly string[];
  /** When the page is decided, and whether it is one. */
  readonly endMs: number;
  readonly isPage: boolean;
  /** Whether an answer comes, or a part begins, so close to the end of its time that rounding decides. */
  readonly isClose: boolean;
}

/** The fake clock is moved by so much at once, so that long chains of promises settle in between. */
const stepMs = 5;
/** One timer serves many limits, by whole milliseconds: each of at most seven parts of a chain may end one later. */
const slackMs = 7 + stepMs;

/** What a page of such parts comes to, computed instead of run. */
function model(nodes: readonly Node[], budgetMs: number): Expected {
  const settledMs: number[] = [];
  const statuses: string[] = [];
  let failsAtMs = Number.POSITIVE_INFINITY;
  let isClose = false;
  for (const { mode, after, share, durationMs, fails } of nodes) {
    const beganMs = Math.max(0, ...after.map((index) => settledMs[index] as number));
    if (beganMs === Number.POSITIVE_INFINITY) {
      settledMs.push(beganMs);
      continue;
    }
    const limitMs = (budgetMs - beganMs) * share;
    const isLate = durationMs >= limitMs;
    isClose ||= Math.abs(durationMs - limitMs) <= slackMs || budgetMs - beganMs <= slackMs;
    const endMs = beganMs + Math.min(durationMs, limitMs);
    const isWell = !isLate && !fails;
    if (!isWell && mode === 'required') failsAtMs = Math.min(failsAtMs, endMs);
    statuses.push(isWell ? 'whole' : mode === 'fallback' ? 'fallback' : 'absent');
    settledMs.push(isWell || mode !== 'required' ? endMs : Number.POSITIVE_INFINITY);
  }
  const isPage = failsAtMs === Number.POSITIVE_INFINITY;
  return { settledMs, statuses, endMs: isPage ? Math.max(...settledMs) : failsAtMs, isPage, isClose };
}

test('a page asks for each part once, after those it waits for, and is decided when the model says, never after its deadline', async () => {
  await fc.assert(
    fc.asyncProperty(graph, fc.integer({ min: 300, max: 1_000 }), async (nodes, deadlineMs) => {
      const expected = model(nodes, Math.min(deadlineMs, 700) * 0.95);
      fc.pre(!expected.isClose);
      const clock = fakeClock();
      const asked = new Map<number, number>();
      const settled = new Map<number, number>();
      const parts = nodes.map(({ mode, after, share }, index) =>
        partPlan(`part${index}`, things.operations.get, {
          after: after.map((one) => `part${one}`),
          share,
          optional: mode === 'optional',
          ...(mode === 'fallback' ? { fallback: () => `instead of ${index}` } : {}),
          input: (_: unknown, given: object) => {
            assert.deepEqual(
              Object.keys(given),
              after.map((one) => `part${one}`),
              'it sees what it waits for, and no more',
            );
            return { query: { index } };
          },
        }),
      );
      const ask = async (index: number, signal: AbortSignal) => {
        assert.ok(!asked.has(index), `part ${index} is asked for twice`);
        asked.set(index, clock.monotonicMs());
        const { durationMs, fails, obeys } = nodes[index] as Node;
        await wait(clock, durationMs, obeys ? signal : undefined);
        if (fails || signal.aborted) throw serviceErrors.CONNECT_FAILED('down');
        settled.set(index, clock.monotonicMs());
        return index;
      };
      const gather = gatherParts(parts, {
        clock,
        telemetry: silentTelemetry(),
        ask:
          ({ name }) =>
          (_, { signal }) =>
            ask(Number(name.slice('part'.length)), signal),
      });
      const call = testCall({ operation: pageOperation, deadline: clock.now() + deadlineMs });
      let tookMs: number | undefined;
      const decided = () => {
        tookMs = clock.monotonicMs();
      };
      const page = gather({}, call).finally(decided);
      const outcome = page.then(
        ({ marks, values }) => ({ marks, values }),
        (error: unknown) => ({ error }),
      );
      for (let ms = 0; ms < deadlineMs; ms += stepMs) await clock.advance(stepMs);
      assert.ok(tookMs !== undefined && tookMs <= deadlineMs, `decided after ${tookMs} of ${deadlineMs} ms`);
      assert.ok(
        tookMs >= expected.endMs - slackMs && tookMs <= expected.endMs + slackMs,
        `decided after ${tookMs} ms instead of ${expected.endMs}`,
      );
      for (const [index, atMs] of asked)
        for (const before of nodes[index]?.after ?? [])
          assert.ok(
            atMs >= (expected.settledMs[before] as number) - slackMs,
            `part ${index} did not wait for ${before}`,
          );
      const result = await outcome;
      assert.equal('marks' in result, expected.isPage);
      if (!('marks' in result)) return;
      assert.deepEqual(
        Object.values(result.marks).map(({ status }) => status),
        expected.statuses,
      );
      assert.equal(asked.size, nodes.length, 'every part was asked for');
      for (const [index, status] of expected.statuses.entries())
        assert.equal(
          result.values[`part${index}`],
          status === 'whole' ? index : status === 'fallback' ? `instead of ${index}` : undefined,
        );
    }),
    { numRuns: 200 },
  );
});
