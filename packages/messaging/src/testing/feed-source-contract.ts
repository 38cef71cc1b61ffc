import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '@dure/core';
import { trackOf } from '../broker-lane.ts';
import type { FeedSource } from '../feed/feed-source.port.ts';
import type { Message } from '../message.ts';

/** What a feed shows of itself to its contract suite. Its source is `test`, its consumer `other`. */
export interface FeedUnderTest extends AsyncDisposable {
  readonly feed: FeedSource;
  /** Commits `test.noted` (granted) once for each count, and `test.ignored` (not granted) after each. */
  note(...counts: readonly number[]): Promise<void>;
}

/** The contract of `FeedSource`, which every adapter's test runs. */
export function feedSourceContract(name: string, open: () => Promise<FeedUnderTest>): void {
  describe(`${name}: a feed`, () => {
    test('gives what is granted in order, first what is there, then what comes', async () => {
      await using under = await open();
      await under.note(1, 2);
      const seen = await read(under.feed, 0, 4, async (count) => {
        if (count === 2) await under.note(3, 4);
      });
      assert.deepEqual(
        seen.map(({ data }) => (data as { count: number }).count),
        [1, 2, 3, 4],
      );
      assert.ok(seen.every(({ type, source }) => type === 'test.noted' && source === 'test'));
    });

    test('goes on after the position it is given', async () => {
      await using under = await open();
      await under.note(1, 2, 3);
      const [first] = await read(under.feed, 0, 1);
      const rest = await read(under.feed, first?.position ?? 0, 2);
      assert.deepEqual(
        rest.map(({ data }) => (data as { count: number }).count),
        [2, 3],
      );
    });

    test('the first page tells the era, and what was read in one that the log does not know is not gone on with', async () => {
      await using under = await open();
      await under.note(1, 2);
      const stop = new AbortController();
      let era: string | undefined;
      for await (const page of under.feed.open(0, stop.signal)) {
        era ??= page.era;
        stop.abort();
      }
      assert.ok(era !== undefined);
      const opened = async (readIn: string) => {
        for await (const page of under.feed.open(1, new AbortController().signal, readIn)) return page.mark;
        return undefined;
      };
      assert.equal(await opened(era), 1);
      await assert.rejects(opened('another'), (error) => codeOf(error) === 'MESSAGING_FEED_AHEAD');
    });

    test('a consumer beyond the end of the log is told so', async () => {
      await using under = await open();
      await under.note(1);
      const beyond = read(under.feed, 99, 1);
      await assert.rejects(beyond, (error) => codeOf(error) === 'MESSAGING_FEED_AHEAD');
    });

    test('marks pass what is not granted', async () => {
      await using under = await open();
      await under.note(1);
      const stop = new AbortController();
      let mark = 0;
      let position = 0;
      for await (const page of under.feed.open(0, stop.signal)) {
        mark = page.mark;
        position = page.messages.at(-1)?.position ?? position;
        if (position > 0 && mark > position) stop.abort();
      }
      assert.ok(mark > position);
    });

    test('tells where a time is, and for 0 where it begins', async () => {
      await using under = await open();
      await under.note(1);
      const never = new AbortController().signal;
      assert.equal(await under.feed.positionAt(0, never), 0);
      const [first] = await read(under.feed, 0, 1);
      assert.ok((await under.feed.positionAt(Number.MAX_SAFE_INTEGER, never)) >= (first?.position ?? 0));
    });

    test('tells where the tracks of what is granted ended, as far as the log goes', async () => {
      await using under = await open();
      const never = new AbortController().signal;
      await under.note(1, 2);
      const seen = await read(under.feed, 0, 2);
      const track = trackOf(seen[0] ?? assert.fail());
      const [first = 0, last = 0] = seen.map(({ position }) => position);
      const { era, ...ends } = await under.feed.ends(0, first, never);
      assert.deepEqual(ends, { upTo: first, tracks: { [track]: first } });
      assert.ok(era !== undefined);
      const { upTo, tracks } = await under.feed.ends(first, Number.MAX_SAFE_INTEGER, never);
      assert.ok(upTo >= last);
      assert.deepEqual(tracks, { [track]: last });
      assert.deepEqual(await under.feed.ends(upTo, upTo, never), { upTo, tracks: {}, era });
    });

    test('tells what it has in common with eras, and nothing of one that it does not know', async () => {
      await using under = await open();
      const never = new AbortController().signal;
      await under.note(1);
      const [message] = await read(under.feed, 0, 1);
      const { era: present = '' } = await under.feed.ends(0, 1, never);
      const { era, end, common } = await under.feed.eras([present, 'another'], never);
      assert.equal(era, present);
      assert.ok(end >= (message?.position ?? 0) && (common[present] ?? 0) >= end);
      assert.deepEqual(Object.keys(common), [present]);
    });

    test('ends when it is told to', async () => {
      await using under = await open();
      const stopped = AbortSignal.abort();
      for await (const page of under.feed.open(0, stopped)) assert.deepEqual(page.messages, []);
    });
  });
}

async function read(
  feed: FeedSource,
  after: number,
  many: number,
  seen: (count: number) => Promise<void> = async () => undefined,
): Promise<readonly Message[]> {
  const stop = new AbortController();
  const messages: Message[] = [];
  for await (const page of feed.open(after, stop.signal)) {
    for (const message of page.messages) {
      messages.push(message);
      await seen(messages.length);
    }
    if (messages.length >= many) stop.abort();
  }
  return messages.slice(0, many);
}
