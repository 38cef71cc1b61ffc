import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, wait } from '@dure/core';
import type { Broker } from '../broker.port.ts';
import { eventually } from './eventually.ts';
import { oneByOne } from './one-by-one.ts';

/** What is taken away, and comes back without its data. */
export interface LosingServer {
  connect(): Broker;
  kill(): Promise<void>;
  restartEmpty(): Promise<void>;
}

/** What a broker does when its server has lost everything, topics and groups included: a part of the contract of `Broker`. */
export function brokerLossContract(under: () => LosingServer, patienceMs: number): void {
  const lose = async () => {
    await under().kill();
    await under().restartEmpty();
  };

  test('consumers get what is published when the server has lost everything', async () => {
    await using broker = under().connect();
    const topic = { name: 'lost.one.events', groups: ['a'] };
    await eventually(patienceMs, () => broker.declare([topic]));
    const seen: string[] = [];
    broker.subscribe({
      topic: topic.name,
      group: 'a',
      handle: oneByOne(({ attributes: { id = '' } }) => void seen.push(id)),
    });
    await publish(broker, topic.name, 'before');
    await until(patienceMs, 'the first has come', () => seen.includes('before'));
    await lose();
    await eventually(patienceMs, () => declareAndPublish(broker, topic, 'behind'));
    await until(patienceMs, 'the next has come', () => seen.includes('behind'));
  });

  test('publishes again when what it publishes to was lost without its knowledge', async () => {
    await using broker = under().connect();
    const topic = { name: 'lost.other.events', groups: ['a'] };
    await eventually(patienceMs, () => broker.declare([topic]));
    await publish(broker, topic.name, 'before');
    await lose();
    // As a relay does: it finds out by a failure, declares and begins again.
    await eventually(patienceMs, async () => {
      await publish(broker, topic.name, 'behind').catch(() => declareAndPublish(broker, topic, 'behind'));
    });
    const seen: string[] = [];
    broker.subscribe({
      topic: topic.name,
      group: 'a',
      handle: oneByOne(({ attributes: { id = '' } }) => void seen.push(id)),
    });
    await until(patienceMs, 'it has come', () => seen.includes('behind'));
    assert.ok(!seen.includes('before'), 'nobody has kept what was lost');
  });
}

async function declareAndPublish(
  broker: Broker,
  topic: { readonly name: string; readonly groups: readonly string[] },
  id: string,
): Promise<void> {
  await broker.declare([topic]);
  await publish(broker, topic.name, id);
}

function publish(broker: Broker, topic: string, id: string): Promise<void> {
  return broker.publish({ topic, lane: 0, key: 'k', id, record: { attributes: { id }, body: Buffer.from('{}') } });
}

async function until(patienceMs: number, what: string, isSo: () => boolean): Promise<void> {
  const giveUpAt = systemClock.monotonicMs() + patienceMs;
  while (!isSo()) {
    assert.ok(systemClock.monotonicMs() < giveUpAt, `waited in vain until ${what}`);
    await wait(systemClock, 5);
  }
}
