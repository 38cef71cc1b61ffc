import type { Clock, Random } from '@dure/core';
import type { Broker } from './broker.port.ts';

/** How a service proves to a broker who it is. */
export interface BrokerCredentials {
  readonly user: string;
  readonly password: string;
}

/** What a connection to a broker is made with. */
export interface BrokerKit {
  /** The service whose connection it is; the name that the broker shows for it is `<system>.<service>`. */
  readonly name: string;
  readonly credentials: BrokerCredentials | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** A broker as `system.ts` names it. Nothing is loaded or connected yet. */
export interface BrokerResource {
  /** `feed` for none; else `kafka`, `rabbitmq`, `nats`. */
  readonly kind: string;
  /**
   * A file of mode 0600, relative to the system's folder: `{ "order": { "user": "order", "password": "…" }, … }`, each service by
   * its name, `"*"` for those that are not named. Each process is told its own only.
   */
  readonly credentialsFile: string | undefined;
  /** The largest data that it carries, in bytes; what is larger stays in the log and is taken from there. */
  readonly maxBytes: number;
  /** Loads the client and begins to connect. */
  open(kit: BrokerKit): Promise<Broker>;
}
