import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { z } from 'zod';
import { feedEvent } from '../wire/change-feed.ts';
import type { ConfigSource } from './config-source.ts';
import { feedHints } from './feed-hints.ts';
import type { FeedTransport } from './transport.ts';
import { valuesSource } from './values-source.ts';
import { watchConfig } from './watch-config.ts';

/** How a reading ends, if not well: it throws, or the copy of before is used. */
type Answer = (() => Promise<'away' | undefined>) | undefined;

/** A watch whose server is in the test's hand. */
async function watching() {
  const clock = fakeClock();
  const state = {
    lines: 1,
    version: 'v1',
    reads: 0,
    wanted: [] as (string | undefined)[],
    status: 200,
    answer: undefined as Answer,
  };
  const source: ConfigSource = {
    async load(target) {
      state.reads += 1;
      state.wanted.push(target.wanted);
      const { version, answer } = state;
      const lines = target.candidate === undefined ? state.lines : Number(target.candidate);
      const { layers, warnings } = await valuesSource('server', { lines }).load(target);
      const isAway = (await answer?.()) === 'away';
      return { layers, warnings, version: isAway ? undefined : version };
    },
  };
  const opened: { readonly url: string; say: (text: string) => void; end: () => void }[] = [];
  const posted: Record<string, unknown>[] = [];
  const problems: string[] = [];
  const transport: FeedTransport = {
    async open({ url, signal }) {
      const queue: string[] = [':\n\n'];
      let wake = () => {};
      let isOver = false;
      const end = () => {
        isOver = true;
        wake();
      };
      signal?.addEventListener('abort', end, { once: true });
      opened.push({
        url,
        say(text) {
          queue.push(text);
          wake();
        },
        end,
      });
      async function* chunks() {
        while (!isOver) {
          const text = queue.shift();
          if (text !== undefined) yield text;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      }
      return { status: state.status, contentType: 'text/event-stream; charset=utf-8', chunks: chunks() };
    },
    async post({ body }) {
      posted.push(JSON.parse(body));
      return 204;
    },
  };
  const signer = { authorize: async () => 'Bearer order' };
  const watch = await watchConfig({
    sections: { own: { schema: z.object({ lines: z.int().max(100) }) } },
    service: 'order',
    profiles: ['dev', 'eu'],
    sources: [source],
    clock,
    random: seededRandom(1),
    hints: feedHints({
      ...{ url: 'http://config/', signer, instance: 'order:1', clock, random: seededRandom(2), transport },
      vitals: async () => ({ isUp: true, requests: 1, failures: 0, breakersOpened: 0 }),
      observe: (problem) => problems.push(problem),
    }),
  });
  await clock.advance(0);
  const say = async (text: string) => {
    opened.at(-1)?.say(text);
    await clock.advance(0);
  };
  return { clock, state, opened, posted, problems, watch, say };
}

test('a hint of another version is followed at once; of the one that runs, not at all', async () => {
  const { clock, state, opened, posted, watch, say } = await watching();
  assert.match(
    opened[0]?.url ?? '',
    /^http:\/\/config\/dure\/config\/changes\/order\/dev%2Ceu\?instance=order%3A1&schema=[\w-]{12}&version=v1$/,
  );
  await say(feedEvent({ kind: 'version', version: 'v1' }));
  assert.equal(state.reads, 1);
  Object.assign(state, { lines: 2, version: 'v2' });
  const event = feedEvent({ kind: 'version', version: 'v2' });
  await say(event.slice(0, 9));
  await say(event.slice(9));
  assert.deepEqual([watch.current.values.own.lines, watch.current.version, state.wanted.at(-1)], [2, 'v2', 'v2']);
  assert.deepEqual(posted, [], 'that has time');
  await clock.advance(1_000);
  assert.deepEqual(posted, [{ instance: 'order:1', application: 'order', profiles: ['dev', 'eu'], version: 'v2' }]);
  await watch.close();
  assert.match(JSON.stringify(posted), /"leaves":true/);
  assert.equal(clock.pending, 0);
});

test('while hints arrive it is asked every half minute, otherwise every five seconds; a missed hint heals', async () => {
  const { clock, state, opened, watch, say } = await watching();
  await clock.advance(6_000);
  const before = state.reads;
  for (let turn = 0; turn < 4; turn += 1) {
    await clock.advance(15_000);
    await say(':\n\n');
  }
  assert.ok(state.reads - before <= 3, `${state.reads - before} reads in a minute`);
  Object.assign(state, { lines: 3, version: 'v3' });
  for (let turn = 0; turn < 3; turn += 1) {
    await clock.advance(12_000);
    await say(':\n\n');
  }
  assert.equal(watch.current.values.own.lines, 3);
  state.status = 503;
  opened.at(-1)?.end();
  await clock.advance(40_000);
  const broken = state.reads;
  await clock.advance(22_000);
  assert.ok(state.reads - broken >= 4, `${state.reads - broken} reads in 22 s`);
  await watch.close();
});

test('a hint whose reading fails, or finds only the copy of before, is followed soon after: nobody waits half a minute', async () => {
  const failures: readonly Answer[] = [async () => Promise.reject(new TypeError('reset')), async () => 'away'];
  for (const failing of failures) {
    const { clock, state, watch, say } = await watching();
    await clock.advance(6_000);
    state.answer = failing;
    await say(feedEvent({ kind: 'version', version: 'v2' }));
    await clock.advance(500);
    assert.equal(watch.current.values.own.lines, 1);
    Object.assign(state, { lines: 2, version: 'v2', answer: undefined });
    await clock.advance(1_000);
    assert.deepEqual([watch.current.values.own.lines, watch.current.version], [2, 'v2']);
    const { reads } = state;
    await clock.advance(25_000);
    assert.equal(state.reads, reads, 'once it is read, nobody asks again');
    await watch.close();
    assert.equal(clock.pending, 0);
  }
});

test('a server that stays away after a hint is asked ever more slowly, at most every five seconds', async () => {
  const { clock, state, watch, say } = await watching();
  await clock.advance(6_000);
  state.answer = async () => Promise.reject(new TypeError('reset'));
  const before = state.reads;
  await say(feedEvent({ kind: 'version', version: 'v2' }));
  await clock.advance(30_000);
  assert.ok(state.reads - before >= 9 && state.reads - before <= 12, `${state.reads - before} reads in 30 s`);
  await watch.close();
});

test('a change back that is told while the change is read is not lost', async () => {
  const { clock, state, watch, say } = await watching();
  const held = Promise.withResolvers<undefined>();
  Object.assign(state, { lines: 2, version: 'v2', answer: () => held.promise });
  await say(feedEvent({ kind: 'version', version: 'v2' }));
  Object.assign(state, { lines: 1, version: 'v1', answer: undefined });
  await say(feedEvent({ kind: 'version', version: 'v1' }));
  held.resolve(undefined);
  await clock.advance(0);
  assert.deepEqual([watch.current.values.own.lines, watch.current.version], [1, 'v1']);
  await watch.close();
});

test('who loses the feed looks again within five seconds and a half, and does not wait for the half minute to end', async () => {
  const { clock, state, opened, watch, say } = await watching();
  await clock.advance(6_000);
  await say(':\n\n');
  Object.assign(state, { status: 503, lines: 2, version: 'v2' });
  opened.at(-1)?.end();
  await clock.advance(5_500);
  assert.equal(watch.current.values.own.lines, 2);
  await watch.close();
});

test('a silent or broken feed is opened again, ever more slowly, and told of once', async () => {
  const { clock, state, opened, problems, watch } = await watching();
  await clock.advance(41_000);
  assert.equal(opened.length, 2, 'silence is taken for a dead connection');
  assert.deepEqual(problems, ['the config server is silent']);
  state.status = 503;
  opened.at(-1)?.end();
  await clock.advance(60_000);
  assert.ok(opened.length > 6 && opened.length < 20, String(opened.length));
  state.status = 404;
  await clock.advance(20_000);
  const before = opened.length;
  await clock.advance(100_000);
  assert.equal(opened.length, before, 'a server without a feed is left alone');
  await watch.close();
});

test('a candidate is judged by the schemas, and nothing of it is taken up', async () => {
  const { posted, watch, say } = await watching();
  await say(feedEvent({ kind: 'check', candidate: '50' }) + feedEvent({ kind: 'check', candidate: '500' }));
  const verdicts = posted.map(({ verdict }) => verdict as { candidate: string; refused?: string });
  assert.deepEqual(verdicts[0], { candidate: '50' });
  assert.match(verdicts[1]?.refused ?? '', /lines = 500/);
  assert.deepEqual([watch.current.values.own.lines, watch.refusal], [1, undefined]);
  await watch.close();
});

test('a refusal is reported at once', async () => {
  const { state, posted, watch, say } = await watching();
  Object.assign(state, { lines: 101, version: 'v2' });
  await say(feedEvent({ kind: 'version', version: 'v2' }));
  assert.match(String(posted[0]?.refused), /lines = 101/);
  assert.equal(posted[0]?.version, 'v1');
  await watch.close();
});

test('whoever is watched says every second how it is, until nobody wants to know', async () => {
  const { clock, posted, watch, say } = await watching();
  await say(feedEvent({ kind: 'watch', on: true }));
  await clock.advance(2_500);
  assert.equal(posted.filter(({ vitals }) => vitals !== undefined).length, 3);
  await say(feedEvent({ kind: 'watch', on: false }));
  await clock.advance(5_000);
  assert.equal(posted.length, 3);
  await say('data: nonsense\n\ndata: {"kind":"later"}\n\ndata: {"kind":"version"}\n\n');
  await watch.close();
});
