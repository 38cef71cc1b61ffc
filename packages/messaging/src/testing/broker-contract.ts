import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { codeOf, systemClock, wait } from '@dure/core';
import type { Broker, BrokerRecord, SubscribeOptions } from '../broker.port.ts';
import { brokerDeliveryContract } from './broker-delivery-contract.ts';
import { brokerLossContract } from './broker-loss-contract.ts';
import { BrokerScene, numberOf, numbers } from './broker-scene.ts';

/** What a broker's adapter shows of itself to the contract suite. */
export interface BrokerUnderTest extends AsyncDisposable {
  /** A connection of its own, as another process would have. */
  connect(): Broker;
  /** A module that calls `runBrokerMember`, and where it finds the server. Where there is none, nobody can be killed. */
  readonly member?: { readonly module: string; readonly url: string };
  /** Takes the server away as a crash does, and brings it back with its data. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Brings it back with nothing, as when its disk was lost. */
  restartEmpty(): Promise<void>;
}

export interface BrokerContractOptions {
  /** Why it cannot be tested here. */
  readonly skip?: string | false;
  /** How long to wait for what must happen, in milliseconds. Default 30 000. */
  readonly patienceMs?: number;
}

/** The most records that a subscription may have in hand. */
const mostHeld = 1_100;
const lanes = 16;

/** The contract of `Broker`, which every adapter's test runs. */
export function brokerContract(
  name: string,
  start: () => Promise<BrokerUnderTest>,
  { skip = false, patienceMs = 30_000 }: BrokerContractOptions = {},
): void {
  describe(`${name}: a broker`, { skip }, () => {
    let under: BrokerUnderTest;
    let count = 0;
    before(async () => {
      under = await start();
    });
    after(async () => {
      await under[Symbol.asyncDispose]();
    });
    const scene = async (...groups: readonly string[]) => {
      count += 1;
      const scene = new BrokerScene(under, `test.t${count}.events`, patienceMs);
      await scene.declare(groups);
      return scene;
    };

    test('brings the records of a lane in the order in which they were published, to every group', async () => {
      await using it = await scene('a', 'b');
      const [a, b] = [it.consume('a'), it.consume('b')];
      await it.publish(...numbers(1, 60));
      for (const seen of [a, b]) {
        await it.until(() => seen.length === 60, 'all have come');
        for (const lane of [0, 1, 2]) assert.deepEqual(ofLane(seen, lane), ofLane(numbers(1, 60), lane));
      }
    });

    test('keeps attributes and data as they are', async () => {
      await using it = await scene('a');
      const records: BrokerRecord[] = [];
      it.consume('a', async (record) => void records.push(record));
      const attributes = { id: 'i-1', type: 'order.placed', subject: '두레 100% "a b"', dureprevious: '0' };
      await it.put(3, { attributes, body: Buffer.from('{"tea":"녹차"}') });
      await it.until(() => records.length === 1, 'it has come');
      assert.deepEqual({ ...records[0]?.attributes }, attributes);
      assert.equal(Buffer.from(records[0]?.body ?? []).toString(), '{"tea":"녹차"}');
    });

    test('gives a group what was published before it came', async () => {
      await using it = await scene('a');
      await it.publish(...numbers(1, 5));
      const seen = it.consume('a');
      await it.until(() => seen.length === 5, 'all have come');
    });

    test('shares a group among its consumers: each record goes to one of them', async () => {
      await using it = await scene('a');
      const [one, other] = [it.consume('a'), it.consume('a', undefined, it.connect())];
      await it.publish(...numbers(1, 40));
      await it.until(() => one.length + other.length >= 40, 'all have come');
      assert.deepEqual([...new Set([...one, ...other])].sort(ascending), numbers(1, 40));
    });

    test('consumers that come at the same moment leave no lane to nobody', async () => {
      await using it = await scene('a');
      const brokers = [it.connect(), it.connect()];
      await it.eventually(() => Promise.all(brokers.map((broker) => broker.declare([]))).then(() => undefined));
      const seen = brokers.map((broker) => it.consume('a', undefined, broker));
      // They divide the lanes among themselves in several steps, over some seconds.
      for (let round = 0; round < 12; round += 1) {
        const first = round * lanes + 1;
        await it.publishLanes(first, lanes);
        const all = numbers(first, first + lanes - 1);
        await it.until(() => all.every((n) => seen.flat().includes(n)), `all of round ${round + 1} have come`);
        await wait(systemClock, 400);
      }
    });

    test('consumers that come, leave and are killed share the lanes, and each lane keeps its order', async () => {
      await using it = await scene('a');
      const firstOf = new Map<number, number[]>();
      const seen = new Set<number>();
      const memberOf = (name: string) => {
        const own: number[] = [];
        return {
          name,
          own,
          async take(n: number) {
            own.push(n);
            if (seen.has(n)) return;
            seen.add(n);
            firstOf.set(n % lanes, [...(firstOf.get(n % lanes) ?? []), n]);
          },
        };
      };
      const consume = (name: string, broker?: Broker) => {
        const member = memberOf(name);
        it.consume(
          'a',
          async (record) => {
            await member.take(numberOf(record));
            await wait(systemClock, 1);
          },
          broker,
        );
        return member;
      };
      let published = 0;
      let isOver = false;
      const publishing = (async () => {
        for (; !isOver; published += lanes) {
          await it.publishLanes(published, lanes);
          await wait(systemClock, 20);
        }
      })();
      const progress = async (who: readonly { readonly name: string; readonly own: readonly number[] }[]) => {
        const before = who.map(({ own }) => own.length);
        await it.until(
          () => who.every(({ own }, index) => own.length > (before[index] ?? 0) + 20),
          `${who.map(({ name }) => name).join(' and ')} both get something`,
        );
      };
      const first = consume('the first');
      await progress([first]);
      const other = it.connect();
      const second = consume('the second', other);
      await progress([first, second]);
      if (under.member !== undefined) {
        const third = memberOf('the third');
        using process = it.startMember(under.member, 'a', (n) => void third.take(n));
        await progress([first, second, third]);
        process.kill();
        await progress([first, second]);
      }
      await other.close();
      await progress([first]);
      isOver = true;
      await publishing;
      await it.until(() => seen.size === published, 'all have come');
      for (const [lane, numbers] of firstOf) assert.deepEqual(numbers, numbers.toSorted(ascending), `lane ${lane}`);
    });

    test('brings a record again that was not taken, and those behind it in their order', async () => {
      await using it = await scene('a');
      const tried: number[] = [];
      it.consume('a', async (record) => {
        tried.push(numberOf(record));
        if (numberOf(record) === 3 && tried.filter((n) => n === 3).length < 3) throw new TypeError('not now');
      });
      await it.publish(0, 3, 6, 9);
      await it.until(() => tried.includes(9), 'the last has come');
      assert.deepEqual(tried, [0, 3, 3, 3, 6, 9]);
    });

    test('brings a record that a consumer left without taking to the next one', async () => {
      await using it = await scene('a');
      const leaving = it.connect();
      let reached = 0;
      it.consume(
        'a',
        async (record, signal) => {
          reached = Math.max(reached, numberOf(record));
          if (numberOf(record) === 0) return;
          await until(signal);
          throw new TypeError('it left');
        },
        leaving,
      );
      await it.publish(0, 3, 6);
      await it.until(() => reached === 3, 'the first consumer has the second record');
      const seen = it.consume('a');
      await leaving.close();
      await it.until(() => seen.includes(6), 'the rest has come');
      assert.deepEqual(
        [...new Set(seen)].filter((n) => n > 0),
        [3, 6],
      );
    });

    test('acknowledges what a consumer takes of what waits, and brings the others to the next one', async () => {
      await using it = await scene('a');
      const leaving = it.connect();
      const taken: number[] = [];
      const takeFour: SubscribeOptions['handle'] = async (records, signal) => {
        const some = records.slice(0, Math.min(2, 4 - taken.length));
        taken.push(...some.map(numberOf));
        if (some.length === 0) await until(signal);
        return some.length;
      };
      it.consumeTogether('a', takeFour, leaving);
      await it.publish(0, 3, 6, 9, 12, 15);
      await it.until(() => taken.length === 4, 'four are taken');
      await leaving.close();
      const seen = it.consume('a');
      await it.until(() => seen.includes(15), 'the rest has come');
      assert.deepEqual(
        [taken, [...new Set(seen)]],
        [
          [0, 3, 6, 9],
          [12, 15],
        ],
      );
    });

    test('one lane that is stuck holds up no other, and when it goes on all of it comes', async () => {
      await using it = await scene('a');
      const seen: number[] = [];
      let isStuck = true;
      it.consume('a', async (record) => {
        if (isStuck && numberOf(record) % 3 === 0) throw new TypeError('stuck');
        seen.push(numberOf(record));
      });
      await it.publish(...numbers(0, 599));
      await it.until(() => seen.length === 400, 'the other lanes have come');
      assert.ok(it.held <= mostHeld, `${it.held} records are held`);
      isStuck = false;
      await it.until(() => new Set(seen).size === 600, 'the rest of the lane has come');
      for (const lane of [0, 1, 2]) assert.deepEqual([...new Set(ofLane(seen, lane))], ofLane(numbers(0, 599), lane));
    });

    test('holds no more than so much for a consumer that is slow', async () => {
      await using it = await scene('a');
      let reached = 0;
      it.consume('a', async (_, signal) => {
        reached += 1;
        await until(signal);
        throw new TypeError('it left');
      });
      await it.publish(...numbers(1, 3_000));
      await it.until(() => reached > 0, 'the first has come');
      await wait(systemClock, 300); // There is no event for something that must not happen.
      assert.ok(it.held <= mostHeld, `${it.held} records are held`);
    });

    test('carries a megabyte', async () => {
      await using it = await scene('a');
      const sizes: number[] = [];
      it.consume('a', async ({ body }) => void sizes.push(body.byteLength));
      await it.put(0, { attributes: { id: 'large' }, body: Buffer.alloc(900_000, 'x') });
      await it.until(() => sizes.length === 1, 'it has come');
      assert.deepEqual(sizes, [900_000]);
    });

    test('hands over a record of somebody else as it is, and those behind it', async () => {
      await using it = await scene('a');
      const seen: number[] = [];
      it.consume('a', async ({ body }) => void seen.push(body.byteLength));
      await it.put(0, { attributes: {}, body: Buffer.from([0xff, 0xfe]) });
      await it.put(0, { attributes: { id: '2' }, body: Buffer.from('{}x') });
      await it.until(() => seen.length === 2, 'both have come');
      assert.deepEqual(seen, [2, 3]);
    });

    test('what is published again comes behind what it repeats', async () => {
      await using it = await scene('a');
      const seen = it.consume('a');
      await it.publish(0, 3, 6);
      await it.publish(3, 6, 9); // A relay that crashed before it had noted 3 and 6.
      await it.until(() => seen.includes(9), 'the last has come');
      assert.deepEqual([...new Set(seen)], [0, 3, 6, 9]);
    });

    brokerDeliveryContract(() => under.connect(), patienceMs);

    test('goes on by itself when the server was away, with everything that it had confirmed', async () => {
      await using it = await scene('a');
      const seen = it.consume('a');
      await it.publish(...numbers(1, 10));
      await under.kill();
      await assert.rejects(
        () => it.publish(99),
        (error) => codeOf(error) === 'MESSAGING_BROKER_UNAVAILABLE',
      );
      await under.restart();
      await it.eventually(() => it.publish(...numbers(11, 20)));
      await it.until(() => new Set(seen.filter((n) => n < 99)).size === 20, 'all have come');
      for (const lane of [0, 1, 2]) {
        const once = [...new Set(ofLane(seen, lane))].filter((n) => n < 99);
        assert.deepEqual(once, ofLane(numbers(1, 20), lane));
      }
    });

    brokerLossContract(() => under, patienceMs);
  });
}

function ofLane(all: readonly number[], lane: number): number[] {
  return all.filter((n) => n % 3 === lane);
}

function ascending(a: number, b: number): number {
  return a - b;
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
