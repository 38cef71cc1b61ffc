import type { Clock, Random } from '@dure/core';
import { messageOf, wait } from '@dure/core';
import type { Broker, BrokerState, Publication, SubscribeOptions, Subscription, Topic } from '@dure/messaging';
import { messagingErrors } from '@dure/messaging';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { DiscardPolicy, jetstream, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connect } from '@nats-io/transport-node';
import { natsSubscription } from './nats-subscription.ts';
import { headersOf } from './wire.ts';

export interface NatsBrokerOptions {
  /** `nats://127.0.0.1:4222`, several with commas; with `tls://` over TLS only. */
  readonly servers: string;
  readonly user?: string;
  readonly password?: string;
  /** The name that the server shows for the connection. */
  readonly name: string;
  /** Subjects that a topic is cut into, and consumers of each group, at most 16. */
  readonly partitions: number;
  /** Copies of each stream over the cluster. */
  readonly replicas: number;
  /** How long a stream keeps messages, in milliseconds. */
  readonly keepMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** How long a confirmation may take, in milliseconds. */
const publishTimeoutMs = 5_000;
const retryMs = 250;
const nanosecondsInMs = 1_000_000;
/** The window in which JetStream itself drops a message of an id that it has, in milliseconds. */
const duplicateWindowMs = 120_000;

/** Connects to NATS, now or when it is there, and again whenever it comes back. */
export function natsBroker(options: NatsBrokerOptions): Broker {
  return new Nats(options);
}

interface Session {
  readonly connection: NatsConnection;
  readonly streams: JetStreamClient;
  readonly manager: JetStreamManager;
}

class Nats implements Broker {
  readonly kind = 'nats';
  readonly #options: NatsBrokerOptions;
  readonly #session: Promise<Session>;
  readonly #stop = new AbortController();
  readonly #subscriptions = new Set<Subscription>();
  #current: Session | undefined;
  #state: BrokerState = { status: 'connecting', error: undefined };

  constructor(options: NatsBrokerOptions) {
    this.#options = options;
    this.#session = this.#connect();
    this.#session.catch(() => undefined);
  }

  get state(): BrokerState {
    return this.#state;
  }

  async declare(topics: readonly Topic[]): Promise<void> {
    const { manager } = this.#connected();
    for (const { name } of topics) await this.#refusable(() => this.#declareStream(manager, name));
  }

  async publish({ topic, lane, id, record }: Publication): Promise<void> {
    const { streams } = this.#connected();
    const subject = `${topic}.${lane % this.#options.partitions}`;
    const headers = headersOf(record.attributes);
    const sent = { msgID: id, headers, timeout: publishTimeoutMs, expect: { streamName: streamOf(topic) } };
    await this.#refusable(() => streams.publish(subject, record.body, sent));
  }

  subscribe(options: SubscribeOptions): Subscription {
    const { clock, random, partitions } = this.#options;
    const subscription = natsSubscription({
      ...options,
      stream: streamOf(options.topic),
      partitions,
      clock,
      random,
      session: async () => {
        const session = await this.#session;
        await this.#declareStream(session.manager, options.topic);
        return session;
      },
      retryMs,
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()));
    this.#state = { status: 'closed', error: undefined };
    const session = this.#current;
    await session?.connection.close().catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #connect(): Promise<Session> {
    const { servers, user, password, name, clock } = this.#options;
    for (;;) {
      try {
        const connection = await connect({
          servers: servers.split(','),
          name,
          ...(user === undefined ? {} : { user, pass: password ?? '' }),
          ...(servers.startsWith('tls:') ? { tls: tlsOf(servers) } : {}),
          maxReconnectAttempts: -1,
          reconnectTimeWait: retryMs,
          ignoreClusterUpdates: false,
        });
        const manager = await jetstreamManager(connection);
        const session = { connection, manager, streams: jetstream(connection) };
        this.#current = session;
        this.#state = { status: 'connected', error: undefined };
        void this.#watch(connection);
        if (this.#stop.signal.aborted) await connection.close();
        return session;
      } catch (error) {
        this.#state = { status: 'connecting', error: messageOf(error) };
        if (!(await wait(clock, retryMs, this.#stop.signal))) throw error;
      }
    }
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#state = { status: 'connecting', error: 'the connection was lost' };
      if (status.type === 'reconnect') this.#state = { status: 'connected', error: undefined };
    }
  }

  #connected(): Session {
    const { status, error } = this.#state;
    if (status === 'connected' && this.#current !== undefined) return this.#current;
    throw messagingErrors.BROKER_UNAVAILABLE(`there is no connection to NATS: ${error ?? status}`);
  }

  async #declareStream(manager: JetStreamManager, topic: string): Promise<void> {
    const name = streamOf(topic);
    const known = await manager.streams.info(name).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    if (known !== undefined) return;
    const { replicas, keepMs } = this.#options;
    await manager.streams.add({
      name,
      subjects: [`${topic}.*`],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.Old,
      num_replicas: replicas,
      max_age: keepMs * nanosecondsInMs,
      duplicate_window: Math.min(duplicateWindowMs, keepMs) * nanosecondsInMs,
    });
  }

  async #refusable(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const said = messageOf(cause);
      if (isAnswer(cause)) throw messagingErrors.BROKER_REFUSED(`NATS refused: ${said}`, { cause });
      throw messagingErrors.BROKER_UNAVAILABLE(`NATS did not confirm: ${said}`, { cause });
    }
  }
}

/**
 * Demands TLS: the client would send a password in the clear to a server that says it has none. A server that is called by
 * its address must show a certificate for the first of them; the client knows names only, and would take one for `localhost`.
 */
function tlsOf(servers: string) {
  const { hostname } = new URL(servers.split(',')[0] ?? servers);
  return { handshakeFirst: false, host: hostname.replace(/^\[|\]$/g, '') };
}

/** Names of streams hold no dots. */
function streamOf(topic: string): string {
  return topic.replaceAll('.', '_');
}

/** The server's own error, rather than no answer. */
function isAnswer(error: unknown): boolean {
  return (
    error instanceof Error &&
    ['JetStreamApiError', 'InvalidArgumentError', 'PermissionViolationError'].includes(error.name)
  );
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 10_059;
}
