import type { Clock, Random } from '@dure/core';
import { randomInteger } from '@dure/core';
import type { InstanceStatus } from '../wire/push-stream.ts';
import { processKey } from '../wire/push-stream.ts';
import { Cancellations } from './cancellations.ts';
import { EntryIndex } from './entry-index.ts';
import type { Entry, InstanceInfo, Lease } from './instance-info.ts';
import { LastChanges } from './last-changes.ts';
import { RecentChanges } from './recent-changes.ts';
import { RenewalMeter } from './renewal-meter.ts';
import { StatusOverrides } from './status-overrides.ts';

/** Options of `InstanceRegistry`. */
export interface InstanceRegistryOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** `exact`: a lease ends when it says. `eureka`: a renewed lease lives twice as long, as Eureka's do. */
  readonly lease: 'exact' | 'eureka';
  readonly selfPreservation: boolean;
  /** How often an instance is expected to renew. Default 30 000. */
  readonly expectedRenewalMs?: number;
  readonly maxInstances: number;
  /** The interval at which `evict` is called, for making up for pauses. */
  readonly evictionIntervalMs: number;
  /** Something about this instance is new, or it is gone. */
  readonly changed: (app: string, instanceId: string) => void;
}

/** Who says it: an instance itself, or another registry on its behalf. */
export type Source = 'client' | 'peer';

const evictedShareAtOnce = 0.85;

/**
 * Who is registered, with Eureka's semantics: leases, status overrides, self-preservation, recent changes.
 *
 * What comes `from` a peer follows the rules of replication: the newer `lastDirtyTimestamp` wins, and what was
 * cancelled here is not brought back by a peer that has not heard of it.
 *
 * After `AbstractInstanceRegistry` of Netflix/eureka; that a cancellation carries a time is ours.
 */
export class InstanceRegistry {
  readonly #options: InstanceRegistryOptions;
  readonly #apps = new Map<string, Map<string, Entry>>();
  readonly #overrides: StatusOverrides;
  readonly #recent: RecentChanges;
  readonly #cancelled: Cancellations;
  readonly meter: RenewalMeter;
  readonly last: LastChanges;
  readonly #indexes = {
    id: new EntryIndex(({ info }) => [info.instanceId]),
    vipAddress: new EntryIndex(({ info }) => info.texts.vipAddress?.split(',') ?? []),
    secureVipAddress: new EntryIndex(({ info }) => info.texts.secureVipAddress?.split(',') ?? []),
    process: new EntryIndex(({ info }) => [info.metadata[processKey] ?? '']),
  };
  #size = 0;
  #version = 0;
  #evictedAt: number;

  constructor(options: InstanceRegistryOptions) {
    this.#options = options;
    this.#overrides = new StatusOverrides(options.clock, options.maxInstances);
    this.#recent = new RecentChanges(options.clock, 2 * options.maxInstances);
    this.#cancelled = new Cancellations(options.clock, options.maxInstances);
    this.last = new LastChanges(options.clock);
    this.meter = new RenewalMeter(options.clock, options.selfPreservation, options.expectedRenewalMs);
    this.#evictedAt = options.clock.monotonicMs();
  }

  get size(): number {
    return this.#size;
  }

  /** Rises with every change. */
  get version(): number {
    return this.#version;
  }

  /** False when the registry is full. */
  register(incoming: InstanceInfo, from: Source = 'client'): boolean {
    const { clock, maxInstances } = this.#options;
    const { app, instanceId } = incoming;
    const existing = this.get(app, instanceId);
    if (from === 'peer' && this.#cancelled.isNewer(app, instanceId, incoming.lastDirtyTimestamp)) return true;
    if (existing === undefined) {
      if (this.#size >= maxInstances) return false;
      this.#size += 1;
      this.meter.clientCame();
    }
    const isOlder = existing !== undefined && existing.info.lastDirtyTimestamp > incoming.lastDirtyTimestamp;
    const info = isOlder ? existing.info : incoming;
    if (info.overriddenStatus !== 'UNKNOWN' && this.#overrides.get(instanceId) === undefined)
      this.#overrides.set(instanceId, info.overriddenStatus);
    const overriddenStatus = this.#overrides.get(instanceId) ?? info.overriddenStatus;
    const status = this.#effectiveStatus(info, from === 'client' ? existing : undefined);
    const now = clock.now();
    const lease: Lease = {
      registeredAt: now,
      renewedAt: now,
      heardMs: clock.monotonicMs(),
      isRenewed: false,
      isDirect: from === 'client',
      serviceUpAt: existing?.lease.serviceUpAt || (status === 'UP' ? now : 0),
      evictedAt: 0,
      durationMs: info.durationInSecs * 1_000,
    };
    this.#put({ ...info, status, overriddenStatus, actionType: 'ADDED', lastUpdatedTimestamp: now }, lease);
    this.#cancelled.forget(app, instanceId);
    this.last.came(app, instanceId);
    return true;
  }

  /** `false` tells the client to register anew. */
  renew(app: string, instanceId: string, lastDirtyTimestamp?: number): boolean {
    const entry = this.get(app, instanceId);
    if (entry === undefined) return false;
    const status = this.#effectiveStatus(entry.info, entry);
    if (status === 'UNKNOWN') return false;
    if (status !== entry.info.status) this.#put({ ...entry.info, status }, entry.lease);
    this.meter.count();
    this.#touch(entry.lease);
    entry.lease.isDirect = true;
    return lastDirtyTimestamp === undefined || lastDirtyTimestamp <= entry.info.lastDirtyTimestamp;
  }

  /** A peer's renewal: `missing` asks for a registration, `older` is answered with what is held here. */
  renewFromPeer(
    app: string,
    instanceId: string,
    lastDirtyTimestamp: number | undefined,
    overriddenStatus: InstanceStatus,
  ): 'renewed' | 'missing' | 'older' {
    const entry = this.get(app, instanceId);
    if (entry === undefined) return 'missing';
    const status = this.#effectiveStatus(entry.info, undefined);
    if (status === 'UNKNOWN') return 'missing';
    if (status !== entry.info.status) this.#put({ ...entry.info, status }, entry.lease);
    this.meter.count();
    this.#touch(entry.lease);
    if (lastDirtyTimestamp === undefined || lastDirtyTimestamp === entry.info.lastDirtyTimestamp) return 'renewed';
    if (lastDirtyTimestamp < entry.info.lastDirtyTimestamp) return 'older';
    if (overriddenStatus !== 'UNKNOWN') this.#overrides.set(instanceId, overriddenStatus);
    return 'missing';
  }

  /** With a time stamp, which a peer's cancellation has: false also when what is held here is newer. */
  cancel(app: string, instanceId: string, lastDirtyTimestamp = Number.POSITIVE_INFINITY): boolean {
    const entry = this.get(app, instanceId);
    if (entry === undefined || entry.info.lastDirtyTimestamp > lastDirtyTimestamp) return false;
    this.#cancelled.add(app, instanceId, entry.info.lastDirtyTimestamp);
    this.#remove(entry);
    return true;
  }

  /** An operator's word on a status: it stays over renewals and new registrations until it is removed. */
  override(app: string, instanceId: string, status: InstanceStatus, lastDirtyTimestamp = 0): boolean {
    const entry = this.get(app, instanceId);
    if (entry === undefined) return false;
    this.#touch(entry.lease);
    if (entry.info.status === status) return true;
    this.#overrides.set(instanceId, status);
    this.#modify(entry, { status, overriddenStatus: status }, lastDirtyTimestamp);
    return true;
  }

  removeOverride(app: string, instanceId: string, status: InstanceStatus, lastDirtyTimestamp = 0): boolean {
    const entry = this.get(app, instanceId);
    if (entry === undefined) return false;
    this.#touch(entry.lease);
    if (this.#overrides.delete(instanceId))
      this.#modify(entry, { status, overriddenStatus: 'UNKNOWN' }, lastDirtyTimestamp);
    return true;
  }

  /** Says anew that it is here, newer than anything that others may have heard of it. */
  reassert(app: string, instanceId: string): void {
    const entry = this.get(app, instanceId);
    if (entry === undefined) return;
    this.#modify(entry, {}, Math.max(entry.info.lastDirtyTimestamp + 1, this.#options.clock.now()));
    entry.lease.isDirect = true;
  }

  mergeMetadata(app: string, instanceId: string, metadata: Readonly<Record<string, string>>): boolean {
    const entry = this.get(app, instanceId);
    if (entry === undefined) return false;
    this.#modify(entry, { metadata: { ...entry.info.metadata, ...metadata } }, 0);
    return true;
  }

  /**
   * Ends leases that ran out, a bounded number at a time and in random order; returns who went. That is no cancellation:
   * a peer that still hears of them was cut off, and brings them back.
   */
  evict(): readonly Entry[] {
    const { clock, random, evictionIntervalMs } = this.#options;
    const elapsedMs = clock.monotonicMs() - this.#evictedAt;
    this.#evictedAt = clock.monotonicMs();
    this.#recent.purge();
    this.#cancelled.purge();
    this.meter.recount(this.#size);
    if (!this.meter.expires) return [];
    const pausedMs = Math.max(0, elapsedMs - evictionIntervalMs);
    const expired = this.all().filter((entry) => this.#isExpired(entry.lease, pausedMs));
    const atMost = this.#size - Math.trunc(this.#size * evictedShareAtOnce);
    const count = Math.min(expired.length, atMost);
    for (let index = 0; index < count; index += 1) {
      const other = randomInteger(random, index, expired.length - 1);
      const [a, b] = [expired[index], expired[other]];
      if (a === undefined || b === undefined) continue;
      [expired[index], expired[other]] = [b, a];
      this.#remove(b);
    }
    return expired.slice(0, count);
  }

  /** A single instance is hidden once its lease has run out, though it is not evicted yet. */
  visible(app: string, instanceId: string): Entry | undefined {
    const entry = this.get(app, instanceId);
    return entry !== undefined && this.meter.expires && this.#isExpired(entry.lease, 0) ? undefined : entry;
  }

  get(app: string, instanceId: string): Entry | undefined {
    return this.#apps.get(app)?.get(instanceId);
  }

  ofApp(app: string): readonly Entry[] {
    return [...(this.#apps.get(app)?.values() ?? [])];
  }

  /** By what an instance says of itself: its id alone, an address it serves, the process that it lives in. */
  by(what: 'id' | 'vipAddress' | 'secureVipAddress' | 'process', value: string): readonly Entry[] {
    return this.#indexes[what].get(value);
  }

  all(): Entry[] {
    return [...this.#apps.values()].flatMap((instances) => [...instances.values()]);
  }

  appNames(): readonly string[] {
    return [...this.#apps.keys()];
  }

  recent(): readonly Entry[] {
    return this.#recent.entries();
  }

  statusOverrides(): Readonly<Record<string, InstanceStatus>> {
    return this.#overrides.all();
  }

  /** `DOWN_1_UP_2_`: by which a client checks that it has merged a delta rightly. */
  hash(): string {
    const counts = new Map<string, number>();
    for (const { info } of this.all()) counts.set(info.status, (counts.get(info.status) ?? 0) + 1);
    return [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([status, count]) => `${status}_${count}_`)
      .join('');
  }

  /** Eureka's rules, the first that matches; the third is why a plain client cannot leave OUT_OF_SERVICE by itself. */
  #effectiveStatus(info: InstanceInfo, existing: Entry | undefined): InstanceStatus {
    if (info.status !== 'UP' && info.status !== 'OUT_OF_SERVICE') return info.status;
    const override = this.#overrides.get(info.instanceId);
    if (override !== undefined) return override;
    const held = existing?.info.status;
    return held === 'UP' || held === 'OUT_OF_SERVICE' ? held : info.status;
  }

  #isExpired(lease: Lease, pausedMs: number): boolean {
    const factor = this.#options.lease === 'eureka' && lease.isRenewed ? 2 : 1;
    return this.#options.clock.monotonicMs() > lease.heardMs + factor * lease.durationMs + pausedMs;
  }

  #touch(lease: Lease): void {
    lease.renewedAt = this.#options.clock.now();
    lease.heardMs = this.#options.clock.monotonicMs();
    lease.isRenewed = true;
  }

  #remove(entry: Entry): void {
    const { app, instanceId } = entry.info;
    this.last.went(app, instanceId);
    for (const index of Object.values(this.#indexes)) index.delete(entry);
    const instances = this.#apps.get(app);
    instances?.delete(instanceId);
    if (instances?.size === 0) this.#apps.delete(app);
    this.#size -= 1;
    this.meter.clientLeft();
    this.#overrides.delete(instanceId);
    const now = this.#options.clock.now();
    entry.lease.evictedAt = now;
    this.#announce({
      info: { ...entry.info, actionType: 'DELETED', lastUpdatedTimestamp: now },
      lease: entry.lease,
    });
  }

  #modify(entry: Entry, change: Partial<InstanceInfo>, lastDirtyTimestamp: number): void {
    const { info, lease } = entry;
    const now = this.#options.clock.now();
    if (change.status === 'UP' && lease.serviceUpAt === 0) lease.serviceUpAt = now;
    this.#put(
      {
        ...info,
        ...change,
        actionType: 'MODIFIED',
        lastUpdatedTimestamp: now,
        lastDirtyTimestamp: Math.max(info.lastDirtyTimestamp, lastDirtyTimestamp),
      },
      lease,
    );
  }

  #put(info: InstanceInfo, lease: Lease): void {
    const instances = this.#apps.get(info.app) ?? new Map<string, Entry>();
    const entry = { info, lease };
    const before = instances.get(info.instanceId);
    for (const index of Object.values(this.#indexes)) index.put(entry, before);
    instances.set(info.instanceId, entry);
    this.#apps.set(info.app, instances);
    this.#announce(entry);
  }

  #announce(entry: Entry): void {
    this.#version += 1;
    this.#recent.add(entry);
    this.#options.changed(entry.info.app, entry.info.instanceId);
  }
}
