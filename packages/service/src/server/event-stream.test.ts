import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { sendEventStream } from './event-stream.ts';

/** A response that takes everything and notes whether it was ended. */
function response() {
  const sent: string[] = [];
  const state = { ended: false, headersSent: false };
  const methods = {
    writeHead: () => {
      state.headersSent = true;
    },
    flushHeaders: () => undefined,
    write: (text: string) => sent.push(text) > 0,
    end: () => {
      state.ended = true;
    },
  };
  return Object.assign(state, methods, { sent }) as unknown as ServerResponse & { sent: string[]; ended: boolean };
}

/** Yields what it is given and then waits for ever, heeding no signal. */
async function* deaf(...items: readonly unknown[]): AsyncGenerator<unknown> {
  yield* items;
  await new Promise(() => undefined);
}

test('a stream whose source heeds no signal ends when its caller leaves', async () => {
  const leaving = new AbortController();
  const answer = response();
  const sending = sendEventStream(answer, deaf(1, 2), {}, leaving.signal, fakeClock());
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  leaving.abort();
  await sending;
  assert.deepEqual([answer.sent, answer.ended], [['data: 1\n\n', 'data: 2\n\n'], true]);
});

test('a source that fails after its caller has left disturbs nobody', async () => {
  const failures: unknown[] = [];
  const note = (error: unknown) => failures.push(error);
  process.on('unhandledRejection', note);
  const failing = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new TypeError('too late')) }) };
  await sendEventStream(response(), failing, {}, AbortSignal.abort(), fakeClock());
  await new Promise(setImmediate);
  process.off('unhandledRejection', note);
  assert.deepEqual(failures, []);
});

test('nothing stays on the signal for each item', async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((...all: Parameters<typeof add>) => {
    listeners += 1;
    add(...all);
  }) as typeof add;
  signal.removeEventListener = ((...all: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...all);
  }) as typeof remove;
  async function* hundred() {
    for (let item = 0; item < 100; item += 1) yield item;
  }
  const answer = response();
  await sendEventStream(answer, hundred(), {}, signal, fakeClock());
  assert.deepEqual([answer.sent.length, listeners], [100, 0]);
});
