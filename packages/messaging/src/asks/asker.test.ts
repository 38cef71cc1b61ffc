import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRefusal, systemClock, wait } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { memoryTelemetry } from '@dure/telemetry/testing';
import type { CommandType } from '../command.ts';
import { expiredReply } from '../expired.ts';
import type { ReplyData } from '../message.ts';
import { foreignMessage } from '../testing/database-contract.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import { doIt, noted } from '../testing/sample-contracts.ts';
import type { AskerOptions } from './asker.ts';
import { openAsker } from './asker.ts';

const clock = systemClock;
const done: ReplyData = { ok: true, value: { key: 'a', count: 7 } };
const asked = {
  ...doIt,
  output: noted.schema,
  refuses: { Full: { status: 423, data: doIt.input } },
} as const satisfies CommandType<'doIt', { key: string }, { key: string; count: number }>;

/** A service that asks by several processes, and another that answers what it is told to. */
function scene(change: Partial<AskerOptions<never>> = {}) {
  const db = memoryDatabase({ service: 'test', clock, ids: testIds() });
  const telemetry = memoryTelemetry();
  const open = () => openAsker({ service: 'test', store: db.asks, clock, telemetry, ...change } as AskerOptions<never>);
  let after = 0;
  let replies = 0;
  /** Answers the next command that was sent. */
  const answer = async (data: ReplyData) => {
    for (;;) {
      const { messages, mark } = await db.log.read(after, { events: [], destination: 'other' }, 1);
      after = mark;
      const [command] = messages;
      if (command !== undefined) {
        replies += 1;
        const meta = { correlation: 'c', inReplyTo: command.id };
        const reply = foreignMessage({
          position: replies,
          kind: 'reply',
          type: command.type,
          destination: 'test',
          data,
          meta,
        });
        let settled: string | undefined;
        await db.deliveries.deliver(reply, testCall(), async (tx) => {
          settled = await db.asks.settle(reply, tx);
          return undefined;
        });
        return settled;
      }
      await wait(clock, 2);
    }
  };
  const sent = async () => (await db.log.read(0, 'all', 100)).messages.length;
  return { db, open, answer, sent };
}

describe('asking a command', () => {
  test('waits for the answer, whichever process of the service gets it', async () => {
    const { open, answer } = scene();
    await using one = open();
    await using _other = open();
    const asking = one.asked(asked).ask({ key: 'a' }, testCall());
    assert.equal(await answer(done), 'kept');
    assert.deepEqual(await asking, { key: 'a', count: 7 });
    assert.equal(one.waiting, 0);
  });

  test('a refusal is thrown with its status, or is a value', async () => {
    const { open, answer } = scene();
    await using asker = open();
    const { ask, attempt } = asker.asked(asked);
    const refusal = { code: 'Full', data: { key: 'a' } } as const;
    const asking = ask({ key: 'a' }, testCall());
    await answer({ ok: false, refusal });
    await assert.rejects(asking, (error) => isRefusal(error) && error.status === 423 && error.code === 'Full');
    const attempting = attempt({ key: 'a' }, testCall());
    await answer({ ok: false, refusal });
    assert.deepEqual(await attempting, { ok: false, refusal });
  });

  test('an answer that does not fit the contract is an error', async () => {
    const { open, answer } = scene();
    await using asker = open();
    const asking = asker.asked(asked).ask({ key: 'a' }, testCall());
    await answer({ ok: true, value: { key: 'a' } });
    await assert.rejects(asking, { code: 'MESSAGING_DATA_INVALID' });
  });

  test('ends at its deadline, or at that of the call; an answer that comes then is late, and that of its repetition', async () => {
    const { open, answer, sent } = scene();
    await using asker = open();
    const { ask } = asker.asked(asked);
    const deadline = { code: 'MESSAGING_ASK_DEADLINE' };
    const call = testCall({ idempotencyKey: 'k-1' });
    await assert.rejects(ask({ key: 'a' }, call, { withinMs: 20 }), deadline);
    await wait(clock, 5); // a timer may fire within the millisecond before its time
    assert.equal(await answer(done), 'late');
    assert.deepEqual(await ask({ key: 'a' }, call), { key: 'a', count: 7 });
    assert.equal(await sent(), 1);
    await assert.rejects(ask({ key: 'a' }, testCall({ deadline: clock.now() + 20 })), deadline);
    await assert.rejects(ask({ key: 'a' }, testCall({ deadline: clock.now() - 1 })), deadline);
    assert.equal(await sent(), 2, 'what is over is not sent');
  });

  test('a command that came too late is not carried out, and said to be so', async () => {
    const { open, answer, db } = scene();
    await using asker = open();
    const asking = asker.asked(asked).ask({ key: 'a' }, testCall());
    const command = await (async () => {
      for (;;) {
        const [found] = (await db.log.read(0, 'all', 1)).messages;
        if (found !== undefined) return found;
        await wait(clock, 1);
      }
    })();
    assert.equal(expiredReply(command, command.meta.deadline ?? 0), undefined);
    await answer(expiredReply(command, (command.meta.deadline ?? 0) + 1) ?? assert.fail());
    await assert.rejects(asking, (error) => /not carried out/.test(String(error)));
  });

  test('ends when the caller leaves, and when the service stops', async () => {
    const { open } = scene();
    const asker = open();
    const { ask } = asker.asked(asked);
    const left = new AbortController();
    const first = ask({ key: 'a' }, testCall({ signal: left.signal }));
    const second = ask({ key: 'b' }, testCall());
    await wait(clock, 20);
    left.abort();
    await assert.rejects(first, { code: 'MESSAGING_ASK_CANCELLED' });
    const closing = asker.close();
    await assert.rejects(second, { code: 'MESSAGING_ASK_ENDED' });
    await closing;
    await assert.rejects(ask({ key: 'c' }, testCall()), { code: 'MESSAGING_ASK_ENDED' });
  });

  test('is refused inside a unit of work, and beyond a limit', async () => {
    const { open, db, sent } = scene({ mostWaiting: 1 });
    await using asker = open();
    const { ask } = asker.asked(asked);
    const call = testCall();
    await assert.rejects(
      db.uow(call, async () => ask({ key: 'a' }, call)),
      { code: 'MESSAGING_ASK_INSIDE' },
    );
    assert.equal(await sent(), 0);
    const waiting = ask({ key: 'a' }, testCall(), { withinMs: 50 });
    await assert.rejects(ask({ key: 'b' }, testCall()), { code: 'MESSAGING_ASK_LIMIT' });
    await assert.rejects(waiting, { code: 'MESSAGING_ASK_DEADLINE' });
  });

  test('a store that cannot be asked for a moment delays the answer only', async () => {
    const { db, answer } = scene();
    let down = true;
    const store = {
      ...db.asks,
      replies: async (ids: readonly string[]) => {
        if (down) throw new TypeError('no connection');
        return db.asks.replies(ids);
      },
    };
    await using asker = openAsker({ service: 'test', store, clock, telemetry: memoryTelemetry() });
    const asking = asker.asked(asked).ask({ key: 'a' }, testCall());
    await answer(done);
    await wait(clock, 40);
    down = false;
    assert.deepEqual(await asking, { key: 'a', count: 7 });
  });
});
