import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call, Layer } from '@dure/core';
import { codeOf, systemClock, wait } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { circuitBreaker, timeout } from '@dure/resilience';
import { silentTelemetry } from '@dure/telemetry';
import type { Dispatch } from '../attempts/delivery-attempt.ts';
import { fromCloudEvent, toCloudEvent } from '../cloud-event.ts';
import type { Message } from '../message.ts';
import { foreignMessage } from '../testing/database-contract.ts';
import { ask, grants, instances, linesOf, loopback, note, other, producer, until } from '../testing/feed-loopback.ts';
import { memoryDatabase } from '../testing/memory-database.ts';
import type { MemoryTx } from '../testing/memory-tx.ts';
import { doIt, ignored, noted } from '../testing/sample-contracts.ts';
import { startFeedConsumer } from './feed-consumer.ts';
import type { FeedRouteOptions } from './feed-route.ts';
import { httpFeed } from './http-feed.ts';
import { localFeed } from './local-feed.ts';
import type { StreamTransport } from './transport.ts';

const clock = systemClock;

function consumer(options: FeedRouteOptions, dispatch: Dispatch<MemoryTx>, transport?: StreamTransport) {
  const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
  const { network, transport: looped } = loopback(options);
  const signer = { authorize: async () => 'Bearer t' };
  const feed = httpFeed({ source: 'test', as: 'other', instances, signer, clock, transport: transport ?? looped });
  const telemetry = silentTelemetry(testIds(3));
  const running = startFeedConsumer({ feed, as: 'other', deliveries: target.deliveries, dispatch, clock, telemetry });
  return { target, network, running };
}

describe('the feed route', () => {
  test('serves what the grant allows, as CloudEvents, and a mark past the rest', async () => {
    const { db, options } = producer();
    await db.uow(testCall(), async (tx) => {
      tx.emit(noted, { key: 'k', count: 1 });
      tx.send(doIt, { key: 'k' });
      tx.emit(ignored, { key: 'k' });
    });
    const lines = await linesOf(options, 'as=other&after=0&wait=0');
    assert.deepEqual(lines[0], { durekind: 'mark', durepos: '0', dureera: 'era-1' });
    assert.deepEqual(
      lines.slice(1, 3).map((line) => fromCloudEvent(line).type),
      ['test.noted', 'other.doIt'],
    );
    assert.deepEqual(lines.slice(3), [{ durekind: 'mark', durepos: '3' }]);
    const narrow = testCall({ identity: { ...other, subject: 'narrow' } });
    const { body } = await ask(options, 'as=narrow&after=0', narrow);
    const chunks = await Array.fromAsync(body as AsyncIterable<string>);
    assert.deepEqual(chunks.slice(1), ['{"durekind":"mark","durepos":"3"}\n']);
  });

  test('a service reads its own feed only, and only when a contract grants it', async () => {
    const { options } = producer();
    const forbidden = (error: unknown) => codeOf(error) === 'MESSAGING_FEED_FORBIDDEN';
    await assert.rejects(ask(options, 'as=narrow'), forbidden);
    await assert.rejects(ask(options, 'as=other', testCall({ identity: { ...other, kind: 'user' } })), forbidden);
    const stranger = testCall({ identity: { ...other, subject: 'constructor' } });
    await assert.rejects(ask(options, 'as=constructor', stranger), forbidden);
  });

  test('a query that makes no sense is refused and says what was expected', async () => {
    const { options } = producer();
    for (const query of ['after=-1', 'after=x', 'era=%20', 'wait=26', 'wait=1.5', 'after=99999999999999999']) {
      await assert.rejects(ask(options, `as=other&${query}`), (error) => codeOf(error) === 'MESSAGING_FEED_QUERY');
    }
  });

  test('a consumer that is ahead of the log is told so', async () => {
    const { db, options } = producer();
    await note(db, 1);
    await assert.rejects(ask(options, 'as=other&after=2'), (error) => codeOf(error) === 'MESSAGING_FEED_AHEAD');
  });

  test('a live answer goes on with what is committed, and its heartbeats say where it stands', async () => {
    const { db, options } = producer();
    const left = new AbortController();
    const { body } = await ask(options, 'as=other&wait=25', testCall({ identity: other, signal: left.signal }));
    const seen: string[] = [];
    let beats = 0;
    for await (const chunk of body as AsyncIterable<string>) {
      for (const line of chunk.trim().split('\n')) {
        const value = JSON.parse(line) as { durekind: string; durepos: string };
        if (value.durekind === 'mark') beats += 1;
        else seen.push(value.durepos);
      }
      if (seen.length === 0 && beats === 1) await note(db, 1, 2);
      if (seen.length === 2 && beats === 3) await note(db, 3);
      if (seen.length === 3) left.abort();
    }
    assert.deepEqual(seen, ['1', '2', '3']);
  });
});

describe('a feed consumer', () => {
  test('applies everything once and in order over a connection that breaks again and again', async () => {
    const { db, options } = producer();
    const applied: number[] = [];
    const { running, network, target } = consumer(options, async (message, _call, tx) => {
      applied.push((message.data as { count: number }).count);
      tx.set('last', (message.data as { count: number }).count);
      return undefined;
    });
    for (let round = 0; round < 5; round += 1) {
      await note(db, round * 2 + 1, round * 2 + 2);
      await until('both are applied', () => applied.length === round * 2 + 2);
      network.down = round === 2;
      network.cut();
      if (network.down) await until('it failed', () => running.state.error?.code === 'MESSAGING_FEED_FAILED');
      network.down = false;
    }
    assert.deepEqual(applied, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await running.close();
    assert.equal(target.values.get('last'), 10);
    assert.equal(await target.deliveries.position('test'), 10);
    assert.equal(running.state.status, 'stopped');
  });

  test('keeps one request open for many messages', async () => {
    const { db, options } = producer();
    let applied = 0;
    const { running, network } = consumer(options, async () => {
      applied += 1;
      return undefined;
    });
    for (let round = 1; round <= 10; round += 1) {
      await note(db, round);
      await until('it is applied', () => applied === round);
    }
    assert.equal(network.requests, 1);
    await running.close();
  });

  test('the call of a delivered message carries its key, its sender, its trace and its flow', async () => {
    const { db, options } = producer();
    const calls: { call: Call; message: Message }[] = [];
    const { running, target } = consumer(options, async (message, call, tx) => {
      calls.push({ call, message });
      tx.emit(noted, { key: 'k', count: 9 });
      return undefined;
    });
    const call = testCall();
    await db.uow(call, async (tx) => tx.emit(noted, { key: 'k', count: 1 }));
    await until('it is delivered', async () => (await target.log.advance()) === 1);
    const [first] = calls;
    assert.equal(first?.call.idempotencyKey, first?.message.id);
    assert.deepEqual([first?.call.identity.kind, first?.call.identity.subject], ['service', 'test']);
    assert.equal(first?.call.trace.traceId, call.trace.traceId);
    const [answer] = (await target.log.read(0, 'all', 1)).messages;
    assert.equal(answer?.meta.correlation, call.trace.traceId);
    assert.equal(answer?.meta.causation, first?.message.id);
    await running.close();
  });

  test('a narrow consumer remembers how far it has looked when it stops', async () => {
    const { db, options } = producer();
    const { running, target } = consumer(options, async () => undefined);
    await db.uow(testCall(), async (tx) => tx.emit(ignored, { key: 'k' }));
    await until('the mark passed it', () => running.state.position === 1);
    await running.close();
    assert.equal(await target.deliveries.position('test'), 1);
  });

  test('a consumer that is ahead of a restored log stops applying and says why', async () => {
    const { options } = producer();
    const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
    await target.deliveries.skipTo('test', 7);
    const { transport } = loopback(options);
    const signer = { authorize: async () => 'Bearer t' };
    const running = startFeedConsumer<MemoryTx>({
      feed: httpFeed({ source: 'test', as: 'other', instances, signer, clock, transport }),
      as: 'other',
      deliveries: target.deliveries,
      dispatch: async () => undefined,
      clock,
      telemetry: silentTelemetry(),
    });
    await until('it was told', () => running.state.error?.code === 'MESSAGING_FEED_AHEAD');
    await running.close();
    assert.equal(await target.deliveries.position('test'), 7);
  });

  test('a connection on which nothing comes counts as dead', async () => {
    const { options } = producer();
    const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
    const silent: StreamTransport = async ({ signal }) => ({
      status: 200,
      body: (async function* () {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        yield '';
      })(),
    });
    void options;
    const signer = { authorize: async () => 'Bearer t' };
    const running = startFeedConsumer<MemoryTx>({
      feed: httpFeed({ source: 'test', as: 'other', instances, signer, clock, transport: silent, silenceMs: 10 }),
      as: 'other',
      deliveries: target.deliveries,
      dispatch: async () => undefined,
      clock,
      telemetry: silentTelemetry(),
    });
    await until('it noticed', () => /nothing came for 10 ms/.test(running.state.error?.message ?? ''));
    await running.close();
  });

  test('within one process the log is read directly, with the same grant', async () => {
    const { db, tail } = producer();
    const target = memoryDatabase({ service: 'other', clock, ids: testIds(2) });
    const applied: string[] = [];
    const running = startFeedConsumer<MemoryTx>({
      feed: localFeed({ source: 'test', as: 'other', log: db.log, tail, grant: grants.other }),
      as: 'other',
      deliveries: target.deliveries,
      dispatch: async (message) => {
        applied.push(message.type);
        return { ok: true, value: null };
      },
      clock,
      telemetry: silentTelemetry(),
    });
    await db.uow(testCall(), async (tx) => {
      tx.emit(ignored, { key: 'k' });
      tx.send(doIt, { key: 'k' });
    });
    await until('it is applied', async () => (await target.deliveries.position('test')) === 2);
    assert.deepEqual(applied, ['other.doIt']);
    await running.close();
    tail.close();
  });
});

describe('the envelope', () => {
  test('a message survives its CloudEvent unchanged', () => {
    const saga = { id: 's', step: 'hold', direction: 'undo' } as const;
    for (const message of [
      foreignMessage({ at: 1_767_225_600_123, data: { a: [1, null, '한글'] } }),
      foreignMessage({
        kind: 'reply',
        destination: 'order',
        position: 2 ** 53 - 1,
        meta: {
          correlation: 'c',
          causation: 'd',
          traceparent: '00-a-b-01',
          inReplyTo: 'x',
          saga,
          deadline: 1_767_225_600_123,
          claim: { sha256: 'ab', bytes: 7 },
        },
      }),
    ]) {
      assert.deepEqual(fromCloudEvent(JSON.parse(JSON.stringify(toCloudEvent(message)))), message);
    }
  });

  test('what is no envelope is refused, naming the attribute and hiding the data', () => {
    const good = toCloudEvent(foreignMessage({ data: { card: '4111' } }));
    for (const [bad, named] of [
      [null, /no JSON object/],
      [{ ...good, durekind: 'x' }, /durekind/],
      [{ ...good, durepos: '-1' }, /durepos/],
      [{ ...good, durepos: '9007199254740993' }, /durepos/],
      [{ ...good, source: 'order' }, /source/],
      [{ ...good, time: 'noon' }, /time/],
      [{ ...good, duredest: 'x' }, /duredest/],
      [{ ...good, id: 7 }, /"id" is 7/],
    ] as const) {
      assert.throws(
        () => fromCloudEvent(bad),
        (error: Error) => {
          assert.equal(codeOf(error), 'MESSAGING_ENVELOPE_INVALID');
          assert.match(error.message, named);
          assert.doesNotMatch(error.message, /4111/);
          return true;
        },
      );
    }
  });
});

describe('layers before a feed', () => {
  const signer = { authorize: async () => 'Bearer t' };
  const shared = { source: 'test', as: 'other', instances, signer, clock };

  test('a breaker opens when the source is gone, and then nobody is asked', async () => {
    const breaker = circuitBreaker({ clock, name: 'feed', minimumCalls: 5 });
    const names = new Set<string>();
    const named: Layer<unknown, unknown> = (next) => (input, call) => {
      names.add(call.operation.name);
      return next(input, call);
    };
    let asked = 0;
    const transport: StreamTransport = async () => {
      asked += 1;
      throw new RangeError('connection refused');
    };
    const feed = httpFeed({ ...shared, transport, layers: [named, breaker.layer()] });
    const first = async () => {
      for await (const page of feed.open(0, new AbortController().signal)) return page;
      return undefined;
    };
    for (let turn = 0; turn < 5; turn += 1)
      await assert.rejects(first(), (error) => codeOf(error) === 'MESSAGING_FEED_FAILED');
    await assert.rejects(first(), (error) => codeOf(error) === 'RESILIENCE_BREAKER_OPEN');
    assert.equal(asked, 5);
    assert.deepEqual([...names], ['feed test']);
  });

  test('a timeout is for the head: what follows may take as long as it wants, and ends with the feed', async () => {
    const { db, options } = producer();
    const looped = loopback(options);
    let signal: AbortSignal | undefined;
    const transport: StreamTransport = (request) => {
      signal = request.signal;
      return looped.transport(request);
    };
    const feed = httpFeed({ ...shared, transport, layers: [timeout({ clock, limitMs: 50 })] });
    let met = 0;
    for await (const { messages } of feed.open(0, new AbortController().signal)) {
      met += messages.length;
      if (met > 0) break;
      await wait(clock, 80);
      await note(db, 1);
    }
    assert.equal(met, 1);
    assert.equal(signal?.aborted, true);
  });
});
