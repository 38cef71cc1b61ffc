import assert from 'node:assert/strict';
import { systemClock, wait } from '@dure/core';
import type { Broker, BrokerRecord, SubscribeOptions, Subscription } from '../broker.port.ts';
import type { BrokerMember } from './broker-member.ts';
import { startBrokerMember } from './broker-member.ts';
import { eventually } from './eventually.ts';
import { oneByOne } from './one-by-one.ts';

/** How others connect to the server. */
export interface Reachable {
  /** A connection of its own, as another process would have. */
  connect(): Broker;
}

/** One topic, and what is connected to it. */
export class BrokerScene implements AsyncDisposable {
  readonly #under: Reachable;
  readonly #topic: string;
  readonly #patienceMs: number;
  readonly #brokers: Broker[] = [];
  readonly #subscriptions: Subscription[] = [];
  readonly #publisher: Broker;

  constructor(under: Reachable, topic: string, patienceMs: number) {
    this.#under = under;
    this.#topic = topic;
    this.#patienceMs = patienceMs;
    this.#publisher = this.connect();
  }

  get held(): number {
    return this.#subscriptions.reduce((sum, { held }) => sum + held, 0);
  }

  connect(): Broker {
    const broker = this.#under.connect();
    this.#brokers.push(broker);
    return broker;
  }

  async declare(groups: readonly string[]): Promise<void> {
    await this.eventually(() => this.#publisher.declare([{ name: this.#topic, groups }]));
  }

  /** Consumes one record after the other; by default all that wait, of which it notes the numbers. */
  consume(group: string, take?: Parameters<typeof oneByOne>[0], broker = this.#publisher): number[] {
    const seen: number[] = [];
    const note = async (records: readonly BrokerRecord[]) => {
      seen.push(...records.map(numberOf));
      return records.length;
    };
    this.consumeTogether(group, take === undefined ? note : oneByOne(take), broker);
    return seen;
  }

  consumeTogether(group: string, handle: SubscribeOptions['handle'], broker = this.#publisher): void {
    this.#subscriptions.push(broker.subscribe({ topic: this.#topic, group, handle }));
  }

  /** Publishes numbers all at once, each in the lane that its remainder by three names. */
  async publish(...all: readonly number[]): Promise<void> {
    await Promise.all(
      all.map((n) => this.put(n % 3, { attributes: { id: `id-${n}`, n: String(n) }, body: Buffer.from(`${n}`) })),
    );
  }

  /** Publishes the next number of each lane. */
  async publishLanes(from: number, lanes: number): Promise<void> {
    await Promise.all(
      numbers(from, from + lanes - 1).map((n) =>
        this.put(n % lanes, { attributes: { id: `id-${n}`, n: String(n) }, body: Buffer.from(`${n}`) }),
      ),
    );
  }

  startMember(how: Parameters<typeof startBrokerMember>[0], group: string, note: (n: number) => void): BrokerMember {
    return startBrokerMember(how, { topic: this.#topic, group }, note);
  }

  async put(lane: number, record: BrokerRecord): Promise<void> {
    const id = record.attributes.id ?? 'none';
    await this.#publisher.publish({ topic: this.#topic, lane, key: `key-${lane}`, id, record });
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    const giveUpAt = systemClock.monotonicMs() + this.#patienceMs;
    while (!isSo()) {
      if (systemClock.monotonicMs() > giveUpAt) assert.fail(`waited in vain until ${what}`);
      await wait(systemClock, 5);
    }
  }

  eventually(work: () => Promise<void>): Promise<void> {
    return eventually(this.#patienceMs, work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#brokers.map((broker) => broker.close()));
  }
}

/** The number of a record that was published by its number. */
export function numberOf({ attributes }: BrokerRecord): number {
  return Number(attributes.n ?? Number.NaN);
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
