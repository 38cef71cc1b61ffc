import type { Clock, Ids, Random } from '@dure/core';

/** What carries the events of the bus between all instances, those of Spring Cloud Bus included. */
export interface BusTransport extends AsyncDisposable {
  /** Whether events arrive at the moment. One that is missed is made up for by the next look at the versions. */
  readonly isConnected: boolean;
  /** Sends one event, Spring's JSON as text, to all who are connected, oneself included. MESSAGING_BROKER_UNAVAILABLE. */
  publish(event: string): Promise<void>;
  /** Ends the connection. Idempotent. */
  close(): Promise<void>;
}

/** A transport that each instance opens for itself: `rabbitmqBus({ … })`, `kafkaBus({ … })`. */
export interface BusResource {
  readonly kind: string;
  /**
   * A file of mode 0600, relative to the system's folder: `{ "order": { "user": "order", "password": "…" }, … }`, each service by
   * its name, `"*"` for those that are not named. Each process is told its own only.
   */
  readonly credentialsFile?: string | undefined;
  /** Resolves at once: it connects when the broker is there, and again whenever the connection is lost. */
  open(options: BusConnection): Promise<BusTransport>;
}

export interface BusConnection {
  /** What the broker shows for the connection. */
  readonly name: string;
  /** Who we are there; absent where the broker does not ask. */
  readonly credentials?: { readonly user: string; readonly password: string } | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  /** Is told of every event: of what is no text of an event, too. */
  readonly heard: (event: string) => void;
  /** Is told of each connection that was lost, or did not come about. */
  readonly observe: (problem: string) => void;
}
