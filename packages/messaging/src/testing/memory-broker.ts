import type { Clock, Random } from '@dure/core';
import { seededRandom, systemClock } from '@dure/core';
import type { Broker, BrokerRecord, Publication, SubscribeOptions, Subscription, Topic } from '../broker.port.ts';
import { brokerLanes } from '../broker-lane.ts';
import { messagingErrors } from '../errors.ts';
import { OrderedDeliveries } from '../ordered-deliveries.ts';

/** A broker in this process: topics of one partition a lane, and groups of which one member at a time has a lane. */
export interface MemoryBroker {
  connect(): Broker;
  /** Takes it away; what it keeps it keeps. */
  stop(): void;
  start(): void;
  /** Forgets topics and records, as when its disk was lost. */
  empty(): void;
}

interface Group {
  /** By lane: how many are acknowledged. */
  done: number[];
  readonly members: Member[];
}

interface Member {
  readonly deliveries: OrderedDeliveries;
  /** By lane: how many were handed over since it got the lane. */
  readonly sent: Map<number, number>;
}

/** How many records of a lane a member has at a time. */
const most = 8;

/** Starts an empty one. */
export function memoryBroker(options: { readonly clock?: Clock; readonly random?: Random } = {}): MemoryBroker {
  const memory = new Memory({ clock: options.clock ?? systemClock, random: options.random ?? seededRandom(1) });
  return {
    connect: () => memory.connect(),
    stop: () => memory.setRunning(false),
    start: () => memory.setRunning(true),
    empty: () => memory.empty(),
  };
}

class Memory {
  readonly #kit: { readonly clock: Clock; readonly random: Random };
  readonly #topics = new Map<string, BrokerRecord[][]>();
  readonly #groups = new Map<string, Group>();
  #running = true;

  constructor(kit: { readonly clock: Clock; readonly random: Random }) {
    this.#kit = kit;
  }

  connect(): Broker {
    const subscriptions = new Set<Subscription>();
    let closed = false;
    const close = async () => {
      closed = true;
      await Promise.all([...subscriptions].map((subscription) => subscription.close()));
    };
    const state = () => (closed ? 'closed' : this.#running ? 'connected' : 'connecting');
    return {
      kind: 'memory',
      get state() {
        return { status: state(), error: undefined } as const;
      },
      declare: async (topics) => this.#declare(topics),
      publish: async (publication) => this.#publish(publication),
      subscribe: (options) => {
        const subscription = this.#subscribe(options);
        subscriptions.add(subscription);
        return subscription;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  setRunning(running: boolean): void {
    this.#running = running;
    for (const { members } of this.#groups.values()) for (const member of members) this.#forget(member);
    if (running) for (const name of this.#groups.keys()) this.#deliver(name);
  }

  empty(): void {
    this.#topics.clear();
    for (const group of this.#groups.values()) {
      group.done = none();
      for (const member of group.members) this.#forget(member);
    }
  }

  #declare(topics: readonly Topic[]): void {
    this.#demandRunning();
    for (const { name, groups } of topics) {
      if (!this.#topics.has(name))
        this.#topics.set(
          name,
          Array.from({ length: brokerLanes }, () => []),
        );
      for (const group of groups) this.#groupOf(name, group);
    }
  }

  #publish({ topic, lane, record }: Publication): void {
    this.#demandRunning();
    const lanes = this.#topics.get(topic);
    if (lanes === undefined) throw messagingErrors.BROKER_REFUSED(`there is no topic "${topic}"`);
    lanes[lane]?.push({ attributes: { ...record.attributes }, body: record.body.slice() });
    for (const name of this.#groups.keys()) if (name.startsWith(`${topic}\n`)) this.#deliver(name);
  }

  #subscribe({ topic, group, handle }: SubscribeOptions): Subscription {
    const { members } = this.#groupOf(topic, group);
    const deliveries = new OrderedDeliveries(handle, this.#kit);
    const member: Member = { deliveries, sent: new Map() };
    members.push(member);
    this.#deliver(`${topic}\n${group}`);
    return {
      get held() {
        return deliveries.held;
      },
      close: async () => {
        await deliveries.close();
        const at = members.indexOf(member);
        if (at < 0) return;
        members.splice(at, 1);
        for (const other of members) this.#forget(other);
        this.#deliver(`${topic}\n${group}`);
      },
    };
  }

  #groupOf(topic: string, group: string): Group {
    const name = `${topic}\n${group}`;
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const made: Group = { done: none(), members: [] };
    this.#groups.set(name, made);
    return made;
  }

  #forget({ deliveries, sent }: Member): void {
    deliveries.forget();
    sent.clear();
  }

  /** Gives each lane to the member whose turn it is, as far as it may have more. */
  #deliver(name: string): void {
    const group = this.#groups.get(name);
    const lanes = this.#topics.get(name.split('\n')[0] ?? '');
    if (!this.#running || group === undefined || lanes === undefined) return;
    const acknowledged = group.done; // Another one when the broker was emptied meanwhile.
    for (const [lane, records] of lanes.entries()) {
      const member = group.members[lane % group.members.length];
      if (member === undefined) continue;
      const done = group.done[lane] ?? 0;
      let next = member.sent.get(lane) ?? done;
      for (; next < records.length && next < done + most; next += 1) {
        const record = records[next];
        const number = next + 1;
        if (record === undefined) break;
        member.deliveries.push(String(lane), record, () => {
          acknowledged[lane] = Math.max(acknowledged[lane] ?? 0, number);
          this.#deliver(name);
        });
      }
      member.sent.set(lane, next);
    }
  }

  #demandRunning(): void {
    if (!this.#running) throw messagingErrors.BROKER_UNAVAILABLE('the broker in this process is stopped');
  }
}

function none(): number[] {
  return Array.from({ length: brokerLanes }, () => 0);
}
