import { gatewayErrors } from '../errors.ts';
import { clientNetwork } from '../http/client-network.ts';

/** A request under way, as far as its client is concerned. */
export interface Place {
  /** Once, when it has ended. */
  leave(): void;
}

class Client implements Place {
  underway = 0;

  leave(): void {
    this.underway -= 1;
  }
}

const fewest = 1_024;

/**
 * Counts the requests that each client has under way. Connections say little of it: over one of them HTTP/2 sends many at
 * once, and so does HTTP/1.1 by pipelining. Whoever has none is forgotten now and then and not at once: a table that
 * changes with every request is dear (see `deadlines`).
 */
export class ClientPlaces {
  readonly #most: () => number;
  readonly #clients = new Map<string, Client>();
  #sweepAt = fewest;

  constructor(most: () => number) {
    this.#most = most;
  }

  /** How many clients are remembered. */
  get size(): number {
    return this.#clients.size;
  }

  /** Takes a place for a request from an address. GATEWAY_TOO_MANY_UNDERWAY when its client has as many as it may have. */
  enter(address: string): Place {
    const client = this.#of(clientNetwork(address));
    const most = this.#most();
    if (client.underway >= most) {
      throw gatewayErrors.TOO_MANY_UNDERWAY(
        `this client has ${most} requests under way, which is the most it may have`,
      );
    }
    client.underway += 1;
    return client;
  }

  #of(network: string): Client {
    const known = this.#clients.get(network);
    if (known !== undefined) return known;
    if (this.#clients.size >= this.#sweepAt) this.#sweep();
    const made = new Client();
    this.#clients.set(network, made);
    return made;
  }

  #sweep(): void {
    for (const [network, { underway }] of this.#clients) if (underway === 0) this.#clients.delete(network);
    this.#sweepAt = Math.max(fewest, 2 * this.#clients.size);
  }
}
