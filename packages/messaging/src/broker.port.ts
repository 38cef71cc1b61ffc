/** A message as a broker carries it: CloudEvents in binary mode, the attributes beside the data. */
export interface BrokerRecord {
  /** By their CloudEvents names; each protocol puts its own prefix before them. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The data, JSON in UTF-8. */
  readonly body: Uint8Array;
}

/** A record on its way to a topic. */
export interface Publication {
  readonly topic: string;
  /** Of the `brokerLanes` lanes; what is in one keeps its order. An adapter puts whole lanes into its partitions. */
  readonly lane: number;
  readonly key: string;
  readonly id: string;
  readonly record: BrokerRecord;
}

/** A topic, and who reads it: each group gets everything, the consumers of one group share it. */
export interface Topic {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What a consumer asks for. */
export interface SubscribeOptions {
  readonly topic: string;
  readonly group: string;
  /**
   * Takes records of one partition, which wait in this order: as many from the front as it likes. It resolves to how many; these are
   * acknowledged. The others come again, at once if any was taken and else after a pause, and nothing of their lane before them. When it rejects, none was taken. Partitions are
   * handled beside each other. The signal aborts when the subscription ends or the partition goes to another: what is not begun then may be left.
   */
  readonly handle: (records: readonly BrokerRecord[], signal: AbortSignal) => Promise<number>;
}

/** A consumer at work. It stays through any absence of the broker. */
export interface Subscription {
  /** Records that are here and not acknowledged; bounded, however slow the handler is. */
  readonly held: number;
  /** Takes no more, aborts the signal, waits for what is at hand. What is not acknowledged goes to others. Idempotent. */
  close(): Promise<void>;
}

/** How a connection is doing. */
export interface BrokerState {
  readonly status: 'connecting' | 'connected' | 'closed';
  /** Why there is no connection. */
  readonly error: string | undefined;
}

/** One service's connection to a broker: at-least-once, in order within each lane. */
export interface Broker extends AsyncDisposable {
  /** `kafka`, `rabbitmq`, `nats`, `memory`. */
  readonly kind: string;
  readonly state: BrokerState;
  /** Makes sure that topics are there, and whatever keeps records for their groups. MESSAGING_BROKER_UNAVAILABLE, MESSAGING_BROKER_REFUSED. */
  declare(topics: readonly Topic[]): Promise<void>;
  /**
   * Resolves when the broker has confirmed that it keeps the record. Records of a lane are stored in the order of the calls; many
   * may be under way. After one that rejects, those behind it may be stored or not: begin again with it.
   * MESSAGING_BROKER_UNAVAILABLE, MESSAGING_BROKER_REFUSED.
   */
  publish(publication: Publication): Promise<void>;
  /** Begins to consume, now or when the broker is there: first what the group has not had. */
  subscribe(options: SubscribeOptions): Subscription;
  /** Ends subscriptions, then the connection. Idempotent. */
  close(): Promise<void>;
}
