import type { Clock, Random, Timer } from '@dure/core';
import type { Instance, InstanceList } from '../instance-list.port.ts';
import { checked, checkedMs, longestMs } from '../options.ts';
import { staticInstances } from '../static-instances.ts';
import type { AddressRecord, DnsResolver, SrvRecord } from './dns-resolver.port.ts';

/** A lookup that failed; the instances known before are kept. */
export interface DnsEvent {
  readonly kind: 'lookup-failed';
  readonly service: string;
  /** What was asked for. */
  readonly name: string;
  readonly error: unknown;
}

/** Options of `openDnsInstances`. */
export interface DnsInstancesOptions {
  /** The SRV name of each service: `{ inventory: '_http._tcp.inventory.shop.example' }`. */
  readonly names: Readonly<Record<string, string>>;
  readonly resolver: DnsResolver;
  readonly clock: Clock;
  readonly random: Random;
  /** An answer is asked for again when its addresses expire, but not before. Default 1 000. */
  readonly refreshAtLeastMs?: number;
  /** … and not later. Default 30 000. */
  readonly refreshAtMostMs?: number;
  readonly observe?: (event: DnsEvent) => void;
}

/** An instance list that follows the domain name system. */
export interface DnsInstances extends InstanceList, AsyncDisposable {
  /** Asks anew, now; resolves when the list shows the answer. */
  refresh(service: string): Promise<void>;
  /** Ends the lookups; the list stays as it is. */
  close(): Promise<void>;
}

/**
 * Instances from SRV records, an instance for each address of each target with the lowest priority; SRV weights become
 * `metadata.weight`. Resolves when each name was asked for once, whether or not there was an answer. While nobody
 * answers, or the name is gone, the last known instances stay. A value out of range is BALANCER_OPTION_INVALID.
 */
export async function openDnsInstances(options: DnsInstancesOptions): Promise<DnsInstances> {
  const { names, refreshAtLeastMs = 1_000 } = options;
  const { refreshAtMostMs = Math.max(30_000, refreshAtLeastMs) } = options;
  checkedMs('openDnsInstances', 'refreshAtLeastMs', refreshAtLeastMs);
  checked('openDnsInstances', 'refreshAtMostMs', refreshAtMostMs, {
    from: refreshAtLeastMs,
    to: longestMs,
    unit: 'ms',
  });
  const list = staticInstances();
  const followers = new Map<string, Follower>();
  for (const [service, name] of Object.entries(names)) {
    const changed = (instances: readonly Instance[]) => list.set(service, instances);
    followers.set(service, new Follower(service, name, { ...options, refreshAtLeastMs, refreshAtMostMs }, changed));
  }
  const close = async (): Promise<void> => {
    await Promise.all(Array.from(followers.values(), (follower) => follower.close()));
  };
  await Promise.all(Array.from(followers.values(), (follower) => follower.refresh()));
  return {
    instances: (service) => list.instances(service),
    onChange: (service, changed) => list.onChange(service, changed),
    refresh: async (service) => followers.get(service)?.refresh(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

type FollowerOptions = DnsInstancesOptions & { readonly refreshAtLeastMs: number; readonly refreshAtMostMs: number };

/** Follows one name. */
class Follower {
  readonly #service: string;
  readonly #name: string;
  readonly #options: FollowerOptions;
  readonly #changed: (instances: readonly Instance[]) => void;
  /** The last known addresses of each target, and the instances made of them. */
  #addresses = new Map<string, readonly AddressRecord[]>();
  #instances = new Map<string, Instance>();
  #failures = 0;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  #isClosed = false;

  constructor(
    service: string,
    name: string,
    options: FollowerOptions,
    changed: (instances: readonly Instance[]) => void,
  ) {
    this.#service = service;
    this.#name = name;
    this.#options = options;
    this.#changed = changed;
  }

  /** One lookup at a time: whoever comes while one is under way waits for it and asks anew. */
  async refresh(): Promise<void> {
    while (this.#round !== undefined) await this.#round;
    if (this.#isClosed) return;
    this.#timer?.cancel();
    this.#round = this.#lookUp();
    await this.#round;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#round;
  }

  async #lookUp(): Promise<void> {
    const { clock, random, refreshAtLeastMs, refreshAtMostMs } = this.#options;
    const ttlMs = await this.#ask();
    this.#round = undefined;
    if (this.#isClosed) return;
    this.#failures = ttlMs === undefined ? this.#failures + 1 : 0;
    const wantedMs = ttlMs ?? refreshAtLeastMs * 2 ** Math.min(this.#failures - 1, 20);
    const delayMs = Math.min(Math.max(wantedMs, refreshAtLeastMs), refreshAtMostMs);
    this.#timer = clock.after(delayMs * (1 + random.next() / 10), () => void this.refresh());
  }

  /** How long the answer holds; undefined when there was none. */
  async #ask(): Promise<number | undefined> {
    const { resolver, observe } = this.#options;
    const failed = (name: string, error: unknown) =>
      observe?.({ kind: 'lookup-failed', service: this.#service, name, error });
    let records: readonly SrvRecord[];
    try {
      records = await resolver.srv(this.#name);
    } catch (error) {
      failed(this.#name, error);
      return undefined;
    }
    const present = records.filter(({ target }) => target !== '' && target !== '.');
    const priority = Math.min(...present.map((record) => record.priority));
    const used = present.filter((record) => record.priority === priority);
    const found = new Map<string, readonly AddressRecord[]>();
    const ask = async (target: string) => {
      try {
        found.set(target, await resolver.addresses(target));
      } catch (error) {
        failed(target, error);
        const known = this.#addresses.get(target);
        if (known !== undefined)
          found.set(
            target,
            known.map(({ address }) => ({ address, ttlMs: 0 })),
          );
      }
    };
    await Promise.all([...new Set(used.map(({ target }) => target))].map(ask));
    this.#addresses = found;
    if (used.length > 0 && found.size === 0) return undefined;
    if (!this.#isClosed) this.#list(used);
    return Math.min(...[...found.values()].flat().map(({ ttlMs }) => ttlMs));
  }

  #list(records: readonly SrvRecord[]): void {
    const service = this.#service;
    const mean = records.reduce((sum, { weight }) => sum + weight, 0) / records.length;
    const before = this.#instances;
    this.#instances = new Map();
    for (const { target, port, weight } of records) {
      const addresses = this.#addresses.get(target) ?? [];
      // RFC 2782: a weight of 0 gets next to nothing; when all have it, weights say nothing.
      const share = mean === 0 ? 1 : Math.max(weight / mean, leastWeight) / Math.max(addresses.length, 1);
      const metadata = { weight: share.toFixed(3), target };
      for (const { address } of addresses) {
        const id = `${service}:${address}:${port}`;
        const instance = { id, service, host: address, port, managementPort: undefined, zone: undefined, metadata };
        const known = before.get(id);
        const isKnown = known?.metadata.weight === metadata.weight && known.metadata.target === target;
        this.#instances.set(id, isKnown ? known : instance);
      }
    }
    // Answers come in turning order; a list that only turned has not changed.
    this.#changed([...this.#instances.values()].sort((a, b) => (a.id < b.id ? -1 : 1)));
  }
}

const leastWeight = 0.01;
