import type { Clock, Random } from '@dure/core';
import type { Instance } from './instance-list.port.ts';
import type { Outcome } from './instance-load.ts';
import { FleetLoad, InstanceLoad } from './instance-load.ts';
import type { EjectionReason, Outliers } from './outlier-ejection.ts';
import { eject, isPanic, mostEjected, sweep } from './outlier-ejection.ts';
import type { PickFor } from './pick-for.ts';
import type { InstanceHealth } from './ping/health-checks.ts';
import type { Choose, Rule } from './rule.ts';
import type { SlowStart } from './slow-start.ts';
import { comeback } from './slow-start.ts';

/** What happened to an instance or a service in the eyes of this caller. */
export type BalancerEvent =
  | { readonly kind: 'ejected'; readonly instance: Instance; readonly reason: EjectionReason; readonly forMs: number }
  | { readonly kind: 'returned'; readonly instance: Instance }
  | {
      readonly kind: 'panic-began' | 'panic-ended';
      readonly service: string;
      readonly available: number;
      readonly size: number;
    };

/** What this caller knows of one instance at the moment. */
export interface InstanceReport {
  readonly instance: Instance;
  /** `ejected` by passive ejection, `failing` its active checks, else `available`. */
  readonly state: 'available' | 'ejected' | 'failing';
  readonly inFlight: number;
  /** Recent share of successes, from 0 to 1. */
  readonly success: number;
  /** Peak-sensitive average in milliseconds; undefined without history. */
  readonly latencyMs: number | undefined;
  /** Its weight, lessened while it starts slowly or comes back. */
  readonly share: number;
  /** Whether it fails or is far slower than the others, so that it is only probed. */
  readonly isSuspect: boolean;
}

/** What all pools of a balancer share; replaced as a whole by an update. */
export interface PoolSettings {
  readonly rule: Rule;
  readonly slowStart: SlowStart | undefined;
  readonly outliers: Outliers | undefined;
  readonly panicShare: number;
  readonly weightOf: (instance: Instance) => number;
}

/** What a pool stands on. */
export interface PoolTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly health: InstanceHealth | undefined;
  readonly observe: ((event: BalancerEvent) => void) | undefined;
}

/** Those of a pool that a call may go to, and the rule's state for them. */
interface View {
  readonly isMember: (instance: Instance) => boolean;
  choose: Choose;
  candidates: readonly InstanceLoad[];
  /** None of them is thought to work. */
  isDown: boolean;
}

/** One service's instances, what is known of them, and which of them take calls at the moment. */
export class Pool {
  readonly service: string;
  list: readonly Instance[];
  readonly #tools: PoolTools;
  readonly #fleet = new FleetLoad();
  readonly #views = new Map<string, View>();
  #settings: PoolSettings;
  #loads: readonly InstanceLoad[];
  #main: View;
  #isPanic = false;
  #healthSeen: number;
  /** When the next ejection ends or the next sweep is due. */
  #dueMs = Number.POSITIVE_INFINITY;
  #sweepAtMs = Number.POSITIVE_INFINITY;

  constructor(service: string, list: readonly Instance[], settings: PoolSettings, tools: PoolTools) {
    const nowMs = tools.clock.monotonicMs();
    this.service = service;
    this.list = list;
    this.#settings = settings;
    this.#tools = tools;
    this.#healthSeen = tools.health?.version ?? 0;
    this.#loads = list.map((instance) => new InstanceLoad(instance, settings.weightOf(instance), this.#fleet, nowMs));
    this.#main = this.#open(() => true);
    this.#schedule(nowMs);
    this.#admit();
  }

  choose(tried: readonly string[], nowMs: number, want: PickFor | undefined): InstanceLoad {
    if (nowMs >= this.#dueMs) this.#tick(nowMs);
    const { health } = this.#tools;
    if (health !== undefined && health.version !== this.#healthSeen) this.#believe(health, nowMs);
    const view = want?.version === undefined ? this.#main : this.#viewOf(want.version);
    const chosen = this.#chooseOf(view, tried, nowMs, want);
    if (view === this.#main || !tried.includes(chosen.instance.id)) return chosen;
    return this.#chooseOf(this.#main, tried, nowMs, want);
  }

  #chooseOf(view: View, tried: readonly string[], nowMs: number, want: PickFor | undefined): InstanceLoad {
    const id = want?.instance;
    if (id !== undefined && !tried.includes(id)) {
      const same = view.candidates.find(({ instance }) => instance.id === id);
      if (same !== undefined) return same as InstanceLoad;
    }
    return view.choose(view.candidates, tried, nowMs, want?.key) as InstanceLoad;
  }

  /** Keeps what is known of instances that stay, and forgets those that left. */
  replace(list: readonly Instance[], nowMs: number): void {
    const known = new Map(this.#loads.map((load) => [load.instance.id, load]));
    const { weightOf, slowStart } = this.#settings;
    this.list = list;
    this.#loads = list.map((instance) => {
      const load = known.get(instance.id);
      if (load === undefined) {
        const joined = new InstanceLoad(instance, weightOf(instance), this.#fleet, nowMs);
        if (slowStart !== undefined) joined.warm(slowStart, nowMs);
        return joined;
      }
      load.instance = instance;
      load.weight = weightOf(instance);
      return load;
    });
    this.#admitAnew();
  }

  /** Goes on by other settings with what is known. */
  update(settings: PoolSettings, nowMs: number): void {
    const { rule } = this.#settings;
    this.#settings = settings;
    for (const load of this.#loads) {
      load.weight = settings.weightOf(load.instance);
      if (settings.outliers === undefined) load.isEjected = false;
    }
    if (settings.rule !== rule) {
      this.#views.clear();
      this.#main = this.#open(() => true);
    }
    this.#schedule(nowMs);
    this.#admitAnew();
  }

  report(nowMs: number): readonly InstanceReport[] {
    return this.#loads.map((load) => ({
      instance: load.instance,
      state: load.isEjected ? 'ejected' : this.#isAvailable(load) ? 'available' : 'failing',
      inFlight: load.inFlight,
      success: load.success,
      latencyMs: load.latencyMs > 0 ? load.latencyMs : undefined,
      share: load.weight > 0 ? load.shareAt(nowMs) : 0,
      isSuspect: load.isSuspect,
    }));
  }

  /** Learns that a call has ended. */
  ended(load: InstanceLoad, outcome: Outcome, nowMs: number): void {
    const { outliers } = this.#settings;
    if (outcome !== 'failure' || outliers === undefined || load.isEjected) return;
    if (load.failures >= outliers.consecutiveFailures) this.#eject(load, outliers, 'consecutive-failures', nowMs);
  }

  #eject(load: InstanceLoad, outliers: Outliers, reason: EjectionReason, nowMs: number): void {
    if (!this.#loads.includes(load)) return; // it left while the call was under way
    const out = this.#loads.reduce((count, other) => (this.#isAvailable(other) ? count : count + 1), 0);
    if (this.#isAvailable(load) && out >= mostEjected(this.#loads.length, this.#settings.panicShare)) return;
    const forMs = eject(load, outliers, this.#tools.random, nowMs);
    this.#tools.observe?.({ kind: 'ejected', instance: load.instance, reason, forMs });
    this.#dueMs = Math.min(this.#dueMs, load.ejectedUntilMs);
    this.#admit();
  }

  #tick(nowMs: number): void {
    const { outliers } = this.#settings;
    for (const load of this.#loads) if (load.isEjected && nowMs >= load.ejectedUntilMs) this.#return(load, nowMs);
    if (outliers !== undefined && nowMs >= this.#sweepAtMs) {
      for (const load of sweep(this.#loads, outliers)) this.#eject(load, outliers, 'success-rate', nowMs);
      this.#sweepAtMs = nowMs + outliers.sweepMs;
    }
    this.#dueMs = this.#loads.reduce(
      (due, load) => (load.isEjected ? Math.min(due, load.ejectedUntilMs) : due),
      this.#sweepAtMs,
    );
    this.#admit();
  }

  #return(load: InstanceLoad, nowMs: number): void {
    load.isEjected = false;
    load.failures = 0;
    load.warm(this.#settings.slowStart ?? comeback, nowMs);
    this.#tools.observe?.({ kind: 'returned', instance: load.instance });
  }

  /** An active check that passes ends an ejection. */
  #believe(health: InstanceHealth, nowMs: number): void {
    this.#healthSeen = health.version;
    for (const load of this.#loads) {
      if (load.isEjected && health.verdict(load.instance.id) === 'passing') this.#return(load, nowMs);
    }
    this.#admit();
  }

  #schedule(nowMs: number): void {
    const { outliers } = this.#settings;
    this.#sweepAtMs = outliers === undefined ? Number.POSITIVE_INFINITY : nowMs + outliers.sweepMs;
    this.#dueMs = this.#sweepAtMs;
    for (const load of this.#loads) if (load.isEjected) this.#dueMs = Math.min(this.#dueMs, load.ejectedUntilMs);
  }

  #isAvailable(load: InstanceLoad): boolean {
    return !load.isEjected && this.#tools.health?.verdict(load.instance.id) !== 'failing';
  }

  /** Says anew who takes calls. */
  #admit(): void {
    this.#fleet.size = this.#loads.length;
    const panicked = this.#admitTo(this.#main);
    for (const view of this.#views.values()) this.#admitTo(view);
    if (panicked === this.#isPanic) return;
    this.#isPanic = panicked;
    const available = this.#loads.filter((load) => this.#isAvailable(load)).length;
    const kind = panicked ? 'panic-began' : 'panic-ended';
    this.#tools.observe?.({ kind, service: this.service, available, size: this.#loads.length });
  }

  /** Rules must see that weights or metadata may have changed, and versions may be gone. */
  #admitAnew(): void {
    for (const [version, view] of this.#views) if (!this.list.some(view.isMember)) this.#views.delete(version);
    for (const view of [this.#main, ...this.#views.values()]) view.candidates = [];
    this.#admit();
  }

  #admitTo(view: View): boolean {
    const members = this.#loads.filter(({ instance }) => view.isMember(instance));
    const weighty = members.filter(({ weight }) => weight > 0);
    const all = weighty.length > 0 ? weighty : members;
    const available = all.filter((load) => this.#isAvailable(load));
    const panicked = isPanic(available.length, all.length, this.#settings.panicShare);
    const candidates = panicked ? all : available;
    if (!sameLoads(candidates, view.candidates)) view.candidates = candidates;
    view.isDown = available.length === 0;
    return panicked && available.length < all.length;
  }

  #open(isMember: (instance: Instance) => boolean): View {
    return { isMember, choose: this.#settings.rule.open(this.#tools), candidates: [], isDown: false };
  }

  /** Instances of one version, or all when none of it works; as many views as there are versions at most. */
  #viewOf(version: string): View {
    const view = this.#views.get(version) ?? this.#openVersion(version);
    return view === undefined || (view.isDown && !this.#main.isDown) ? this.#main : view;
  }

  #openVersion(version: string): View | undefined {
    const isMember = ({ metadata }: Instance): boolean => metadata.version === version;
    if (!this.list.some(isMember)) return undefined;
    const view = this.#open(isMember);
    this.#admitTo(view);
    this.#views.set(version, view);
    return view;
  }
}

function sameLoads(a: readonly InstanceLoad[], b: readonly InstanceLoad[]): boolean {
  return a.length === b.length && a.every((load, index) => load === b[index]);
}
