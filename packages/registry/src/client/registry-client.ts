import type { InstanceList } from '@dure/balancer';
import type { Clock, Health, Random } from '@dure/core';
import { ids } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { Registered, Registrar, Registration } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import { maskText } from '@dure/telemetry';
import { registryErrors } from '../errors.ts';
import type { KnownInstance } from './instance-table.ts';
import { InstanceTable } from './instance-table.ts';
import { PushSubscription } from './push-subscription.ts';
import type { PushEvent } from './read-push-events.ts';
import { RegistrationLoop } from './registration-loop.ts';
import { SavedList } from './saved-list.ts';
import type { RegistryTransport } from './transport.ts';
import { fetchTransport } from './transport.ts';

/** Options of `registryClient`. */
export interface RegistryClientOptions {
  /** `http://127.0.0.1:8761`; a Eureka server elsewhere: `http://user:password@host:8080/eureka/v2/`. */
  readonly url: string;
  /** Proves who follows the registry, and who registers unless `signerOf` says otherwise. */
  readonly signer: TokenSigner;
  /** For a process that runs several services: each registers by its own credential. */
  readonly signerOf?: (service: string) => TokenSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Default: HTTP to `url`. */
  readonly transport?: RegistryTransport;
  /** Aborting it closes the client without waiting. */
  readonly signal?: AbortSignal;
  /** A folder for the last known list, so that a start without the registry finds the others. Default: none is kept. */
  readonly keepIn?: string;
  /** Default 30 000. */
  readonly renewalIntervalMs?: number;
  /** How long the registry keeps a silent instance whose connection did not break. Default 90 000. */
  readonly leaseMs?: number;
  /** Silence of the registry after which the client reconnects. Default 15 000, three of its heartbeats. */
  readonly silenceMs?: number;
  /** How often a registry without a push stream, such as Netflix's or Spring's Eureka, is asked. Default 30 000. */
  readonly pollMs?: number;
  /** After a registry came back without them, how long instances on a stream of their own are kept. Default 5 000. */
  readonly holdMs?: number;
}

/** Follows a registry and registers with it. */
export interface RegistryClient extends Registrar, InstanceList, AsyncDisposable {
  /** Everything the registry told of, also what takes no traffic. */
  known(): readonly KnownInstance[];
  /** Resolves when there is a list: the registry's, or the saved one while the registry is away. Never rejects. */
  readonly listed: Promise<void>;
  /** Resolves when an instance of the service takes traffic. REGISTRY_NOT_VISIBLE after `withinMs`. */
  ready(service: string, withinMs: number): Promise<void>;
  /** DOWN never: without the registry the last known list serves on. `UNKNOWN` while the registry is away. */
  health(): Health;
  /** Deregisters what is still registered and stops following; at most about a second. Idempotent. */
  close(): Promise<void>;
}

/**
 * The registry's client. It connects in the background: the list is empty until the first snapshot is there, stays
 * as it is while the registry is away, and registrations are renewed by themselves.
 *
 * @example
 * await using registry = registryClient({ url, signer, clock: systemClock, random: systemRandom, telemetry });
 * const registered = await registry.register({ service: 'order', instanceId, host, port, managementPort, metadata: {} });
 * await registry.ready('inventory', 10_000);
 */
export function registryClient(options: RegistryClientOptions): RegistryClient {
  return new Client(options);
}

class Client implements RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #table: InstanceTable;
  readonly #transport: RegistryTransport;
  readonly #registrations = new Map<string, RegistrationLoop>();
  readonly #stop = new AbortController();
  readonly #subscription: PushSubscription;
  readonly #running: Promise<void>;
  readonly #process: string;
  readonly #saved: SavedList | undefined;
  readonly #listed = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  constructor(options: RegistryClientOptions) {
    const { clock, random, telemetry, signer } = options;
    const renewalIntervalMs = options.renewalIntervalMs ?? 30_000;
    this.#options = options;
    this.#process = ids(clock, random).uuid();
    this.#transport = options.transport ?? fetchTransport(options.url);
    this.#table = new InstanceTable(clock, { ownMs: options.holdMs ?? 5_000, renewingMs: renewalIntervalMs + 5_000 });
    this.#subscription = new PushSubscription({
      transport: this.#transport,
      signer,
      clock,
      random,
      log: telemetry.log,
      process: this.#process,
      silenceMs: options.silenceMs ?? 15_000,
      pollMs: options.pollMs ?? 30_000,
      signal: this.#stop.signal,
      away: () => this.#restore(),
      received: (event, isFirst) => this.#received(event, isFirst),
    });
    if (options.keepIn !== undefined)
      this.#saved = new SavedList({
        folder: options.keepIn,
        clock,
        log: telemetry.log,
        instances: () => this.#table.pushed(),
      });
    this.#running = this.#subscription.run();
    options.signal?.addEventListener('abort', () => this.#stop.abort(), { once: true });
    if (options.signal?.aborted === true) this.#stop.abort();
  }

  instances(service: string) {
    return this.#table.instances(service);
  }

  onChange(service: string | undefined, changed: () => void) {
    return this.#table.onChange(service, changed);
  }

  get listed(): Promise<void> {
    return this.#listed.promise;
  }

  known(): readonly KnownInstance[] {
    return this.#table.known();
  }

  async register(instance: Registration): Promise<Registered> {
    const { clock, random, telemetry, signer, signerOf } = this.#options;
    const key = `${instance.service}/${instance.instanceId}`;
    await this.#registrations.get(key)?.close();
    const loop: RegistrationLoop = new RegistrationLoop(instance, {
      transport: this.#transport,
      signer: signerOf?.(instance.service) ?? signer,
      clock,
      random,
      log: telemetry.log,
      process: this.#process,
      renewalIntervalMs: this.#options.renewalIntervalMs ?? 30_000,
      leaseMs: this.#options.leaseMs ?? 90_000,
      closed: () => {
        if (this.#registrations.get(key) === loop) this.#registrations.delete(key);
      },
    });
    this.#registrations.set(key, loop);
    try {
      await loop.start();
    } catch (error) {
      await loop.close();
      throw error;
    }
    return loop;
  }

  async ready(service: string, withinMs: number): Promise<void> {
    if (this.#table.isVisible(service)) return;
    const appeared = Promise.withResolvers<void>();
    const unsubscribe = this.onChange(service, () => {
      if (this.#table.isVisible(service)) appeared.resolve();
    });
    const timer = this.#options.clock.after(withinMs, () => appeared.reject(notVisible(service, withinMs, this)));
    const closed = () => appeared.reject(notVisible(service, withinMs, this));
    this.#stop.signal.addEventListener('abort', closed, { once: true });
    try {
      await appeared.promise;
    } finally {
      unsubscribe();
      timer.cancel();
      this.#stop.signal.removeEventListener('abort', closed);
    }
  }

  health(): Health {
    const details = {
      url: maskText(this.#options.url),
      known: this.known().length,
      registered: this.#registrations.size,
    };
    return { status: this.#subscription.isConnected ? 'UP' : 'UNKNOWN', details };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([this.#subscription.leave(), ...[...this.#registrations.values()].map((loop) => loop.close())]);
    this.#stop.abort();
    await this.#running;
    await this.#saved?.close();
    this.#table.close();
  }

  /** The registry could not be reached: what is on disk is better than nothing. */
  async #restore(): Promise<void> {
    const saved = (await this.#saved?.read()) ?? [];
    if (saved.length === 0 || this.#stop.signal.aborted) return;
    this.#table.restore(saved);
    this.#listed.resolve();
    this.#options.telemetry.log.warn('the registry is away: the saved list is used', { instances: saved.length });
  }

  #received(event: PushEvent, isFirst: boolean): void {
    if (event.kind === 'snapshot') {
      this.#table.applySnapshot(event.snapshot);
      this.#listed.resolve();
    }
    if (event.kind === 'change') this.#table.applyChange(event.change);
    if (event.kind !== 'ping') this.#saved?.changed();
    const gone = event.kind === 'change' ? event.change.gone.map(({ id }) => id) : [];
    for (const loop of this.#registrations.values()) {
      const { service, instanceId } = loop.instance;
      const isTold = event.position !== undefined; // what is polled may be older than the registration
      const isDoubtful = isTold && (isFirst || event.kind === 'snapshot' || gone.includes(instanceId));
      if (isDoubtful && !this.#table.has(service, instanceId)) loop.missing();
    }
  }
}

function notVisible(service: string, withinMs: number, client: RegistryClient): Error {
  const known = [...new Set(client.known().map(({ instance }) => instance.service))].sort();
  return registryErrors.NOT_VISIBLE(
    `no instance of "${service}" took traffic within ${withinMs} ms; the registry knows ${known.length === 0 ? 'nobody' : known.join(', ')}`,
    { details: { service, withinMs, known } },
  );
}
