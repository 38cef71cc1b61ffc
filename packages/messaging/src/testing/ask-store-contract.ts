import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call } from '@dure/core';
import { plainOperation } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { AskStore } from '../ask-store.port.ts';
import type { Message, ReplyData } from '../message.ts';
import type { Outbox } from '../unit-of-work.port.ts';
import type { DatabaseUnderTest } from './database-contract.ts';
import { foreignMessage } from './database-contract.ts';
import { doIt } from './sample-contracts.ts';

/** A database that can ask. */
export interface AsksUnderTest<Tx extends Outbox> extends DatabaseUnderTest<Tx> {
  readonly asks: AskStore<Tx>;
  now(): number;
}

const done: ReplyData = { ok: true, value: { left: 7 } };
const expired: ReplyData = { ok: false, refusal: { code: 'DeadlinePassed', data: { deadline: 1 } } };

function keyed(key: string): Call {
  return testCall({
    operation: { ...plainOperation('test', 'pay'), idempotent: 'key' },
    idempotencyKey: key,
    inputHash: 'h',
  });
}

let position = 0;
function replyTo(id: string, data: ReplyData = done): Message {
  position += 1;
  return foreignMessage({
    position,
    kind: 'reply',
    type: 'other.doIt',
    destination: 'test',
    data,
    meta: { correlation: 'c', inReplyTo: id },
  });
}

/** The contract of `AskStore`, which every adapter's test runs. */
export function askStoreContract<Tx extends Outbox>(name: string, open: () => Promise<AsksUnderTest<Tx>>): void {
  const settle = async (under: AsksUnderTest<Tx>, reply: Message) => {
    let settled: string | undefined;
    await under.deliveries.deliver(reply, testCall(), async (tx) => {
      settled = await under.asks.settle(reply, tx);
      return undefined;
    });
    return settled;
  };
  const sent = async ({ log }: AsksUnderTest<Tx>) =>
    (await log.read(0, { events: [], destination: 'other' }, 100)).messages;

  describe(`${name}: asks`, () => {
    test('what is asked is sent with its deadline, by a transaction of its own, also from an operation with a key', async () => {
      await using under = await open();
      const until = under.now() + 5_000;
      const call = keyed('k-1');
      const id = await under.asks.send(call, { command: doIt, input: { key: 'a' }, until });
      const [command, ...more] = await sent(under);
      assert.deepEqual([command?.id, command?.type, command?.meta.deadline, more], [id, 'other.doIt', until, []]);
      assert.deepEqual(await under.asks.replies([id]), new Map());
      await under.uow(call, (tx) => under.count(tx, 'its own unit of work'));
      assert.equal(await under.counted('its own unit of work'), 1);
    });

    test('a reply is found by its command, and rings where it is delivered', async () => {
      await using under = await open();
      const id = await under.asks.send(testCall(), { command: doIt, input: { key: 'a' }, until: under.now() + 5_000 });
      let rung = 0;
      const unsubscribe = under.asks.onReply(() => {
        rung += 1;
      });
      assert.equal(await settle(under, replyTo(id)), 'kept');
      assert.deepEqual(await under.asks.replies([id, '01930000-0000-7000-8000-00000000dead']), new Map([[id, done]]));
      unsubscribe();
      const next = await under.asks.send(testCall(), {
        command: doIt,
        input: { key: 'a' },
        until: under.now() + 5_000,
      });
      await settle(under, replyTo(next));
      assert.equal(rung, 1);
    });

    test('a reply that comes late is told apart and kept; one to a command that nobody asked is nobody’s', async () => {
      await using under = await open();
      const id = await under.asks.send(testCall(), { command: doIt, input: { key: 'a' }, until: under.now() - 1 });
      assert.equal(await settle(under, replyTo(id)), 'late');
      assert.deepEqual((await under.asks.replies([id])).get(id), done);
      assert.equal(await settle(under, replyTo('01930000-0000-7000-8000-00000000dead')), 'unasked');
    });

    test('under one key the same input is the same command, other input is another', async () => {
      await using under = await open();
      const until = under.now() + 5_000;
      const ask = (key: string, of: string) =>
        under.asks.send(keyed(key), { command: doIt, input: { key: of }, until });
      const [first, again] = await Promise.all([ask('k-1', 'a'), ask('k-1', 'a')]);
      assert.equal(first, again);
      await settle(under, replyTo(first));
      assert.equal(await ask('k-1', 'a'), first);
      assert.notEqual(await ask('k-1', 'b'), first);
      assert.notEqual(await ask('k-2', 'a'), first);
      assert.equal((await sent(under)).length, 3);
    });

    test('a command that came too late to be carried out is sent again under its key', async () => {
      await using under = await open();
      const ask = () =>
        under.asks.send(keyed('k-1'), { command: doIt, input: { key: 'a' }, until: under.now() + 5_000 });
      const first = await ask();
      await settle(under, replyTo(first, expired));
      const second = await ask();
      assert.notEqual(second, first);
      assert.deepEqual(await under.asks.replies([second]), new Map());
      assert.equal(await ask(), second);
    });

    test('a call is within a unit of work or a delivery while that is open', async () => {
      await using under = await open();
      const call = testCall();
      const seen: boolean[] = [under.asks.isWithinUnit(call)];
      await under.uow(call, async () => {
        seen.push(
          under.asks.isWithinUnit(call),
          under.asks.isWithinUnit(call.with({ deadline: 1e15 })),
          under.asks.isWithinUnit(testCall()),
        );
      });
      seen.push(under.asks.isWithinUnit(call));
      position += 1;
      await under.deliveries.deliver(foreignMessage({ position }), call, async () => {
        seen.push(under.asks.isWithinUnit(call));
        return undefined;
      });
      assert.deepEqual(seen, [false, true, true, false, false, true]);
    });
  });
}
