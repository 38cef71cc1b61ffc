import type { Instance, InstanceList } from '@dure/balancer';
import type { Clock } from '@dure/core';
import type { ConnectionOwner, ConnectionRequest, ExchangeListener } from './upstream-connection.ts';
import { UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamTls } from './upstream-tls.ts';

export interface UpstreamPoolOptions {
  readonly clock: Clock;
  readonly instances: InstanceList;
  /** Connections to one instance at most, busy and idle; each stream of events holds one. */
  readonly maxConnections: () => number;
  readonly tls: UpstreamTls;
}

/** Kept-alive connections to instances. */
export interface UpstreamPool {
  /**
   * Starts an exchange on an idle connection, or on a new one, always a new one when `fresh`. Undefined when the
   * instance has as many connections as it may have.
   */
  start(instance: Instance, listener: ExchangeListener, request: UpstreamRequest): UpstreamConnection | undefined;
  /** Connections that are open, busy ones included. */
  readonly size: number;
  /** Closes every connection. */
  close(): void;
}

export interface UpstreamRequest extends ConnectionRequest {
  readonly fresh: boolean;
}

/** An idle connection is used only for this long unless the server says more; Node.js servers close after 5 s. */
const defaultIdleMs = 4_000;
/** What the server says, less this, so that it does not close while a request is on its way. */
const idleMarginMs = 1_000;
const longestIdleMs = 60_000;

/** Opens a pool. Connections of an instance that left the list are closed as soon as they are idle. */
export function upstreamPool(options: UpstreamPoolOptions): UpstreamPool {
  const { clock, instances, maxConnections, tls } = options;
  const pools = new Map<string, InstancePool>();
  let size = 0;
  const poolOf = (instance: Instance): InstancePool => {
    const known = pools.get(instance.id);
    if (known?.leadsTo(instance) === true) return known;
    known?.retire();
    const counted = (change: number) => {
      size += change;
    };
    const pool = new InstancePool(instance, { clock, tls, counted });
    pools.set(instance.id, pool);
    return pool;
  };
  const unsubscribe = instances.onChange(undefined, () => {
    for (const [id, pool] of pools) {
      if (instances.instances(pool.service).some((instance) => instance.id === id)) continue;
      pool.retire();
      pools.delete(id);
    }
  });
  return {
    start(instance, listener, request) {
      const pool = poolOf(instance);
      const connection = (request.fresh ? undefined : pool.takeIdle()) ?? pool.open(maxConnections());
      connection?.start(listener, request);
      return connection;
    },
    get size() {
      return size;
    },
    close() {
      unsubscribe();
      for (const pool of pools.values()) pool.close();
      pools.clear();
    },
  };
}

interface PoolTools {
  readonly clock: Clock;
  readonly tls: UpstreamTls;
  readonly counted: (change: number) => void;
}

class InstancePool implements ConnectionOwner {
  readonly service: string;
  readonly #instance: Instance;
  readonly #tools: PoolTools;
  readonly #all = new Set<UpstreamConnection>();
  /** The one used last is on top: few connections stay warm, the others run out. */
  readonly #idle: UpstreamConnection[] = [];
  #retired = false;

  constructor(instance: Instance, tools: PoolTools) {
    this.service = instance.service;
    this.#instance = instance;
    this.#tools = tools;
  }

  leadsTo({ host, port, secure = false }: Instance): boolean {
    const own = this.#instance;
    return own.host === host && own.port === port && (own.secure ?? false) === secure;
  }

  takeIdle(): UpstreamConnection | undefined {
    const now = this.#tools.clock.monotonicMs();
    for (let taken = this.#idle.pop(); taken !== undefined; taken = this.#idle.pop()) {
      if (taken.idleUntil > now) return taken;
      taken.destroy();
    }
    return undefined;
  }

  open(maxConnections: number): UpstreamConnection | undefined {
    if (this.#all.size >= maxConnections) return undefined;
    const { host, port } = this.#instance;
    const connection = new UpstreamConnection({ host, port, tls: this.#tools.tls.settingsFor(this.#instance) }, this);
    this.#all.add(connection);
    this.#tools.counted(1);
    return connection;
  }

  onIdle(connection: UpstreamConnection): void {
    if (this.#retired) {
      connection.destroy();
      return;
    }
    const now = this.#tools.clock.monotonicMs();
    const said = connection.idleMs;
    const keptMs = said === undefined ? defaultIdleMs : Math.min(Math.max(said - idleMarginMs, 0), longestIdleMs);
    connection.idleUntil = now + keptMs;
    this.#idle.push(connection);
    const oldest = this.#idle[0];
    if (oldest !== undefined && oldest !== connection && oldest.idleUntil <= now) oldest.destroy();
  }

  onGone(connection: UpstreamConnection): void {
    if (!this.#all.delete(connection)) return;
    this.#tools.counted(-1);
    const index = this.#idle.lastIndexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** No new exchange; those under way end. */
  retire(): void {
    this.#retired = true;
    for (const connection of [...this.#idle]) connection.destroy();
  }

  close(): void {
    this.#retired = true;
    for (const connection of [...this.#all]) connection.destroy();
  }
}
