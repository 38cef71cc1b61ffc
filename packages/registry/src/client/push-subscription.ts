import type { Clock, Random } from '@dure/core';
import { messageOf, wait } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { Logger } from '@dure/telemetry';
import { registryErrors } from '../errors.ts';
import { processParameter, pushPath } from '../wire/push-stream.ts';
import { backoffMs } from './backoff.ts';
import type { PushEvent } from './read-push-events.ts';
import { readPushEvents } from './read-push-events.ts';
import { audience } from './registration-loop.ts';
import type { RegistryTransport } from './transport.ts';

/** What a subscription needs. */
export interface SubscriptionOptions {
  readonly transport: RegistryTransport;
  readonly signer: TokenSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly process: string;
  /** Silence after which the connection is taken for dead. */
  readonly silenceMs: number;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
  readonly received: (event: PushEvent) => void;
}

/** Keeps one push stream open until it is told to stop: reconnects, at once the first time, then ever more slowly. */
export class PushSubscription {
  readonly #options: SubscriptionOptions;
  #isConnected = false;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Resolves when the signal has aborted. Never rejects. */
  async run(): Promise<void> {
    const { signal, clock, random, log } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#follow(() => {
          failures = 0;
        });
      } catch (error) {
        if (failures === 0 && !signal.aborted)
          log.warn(`the registry is away, the last known instances stay in use: ${messageOf(error)}`, { error });
      }
      this.#isConnected = false;
      failures += 1;
      await wait(clock, backoffMs(failures, 50, 3_000, random), signal);
    }
  }

  async #follow(connected: () => void): Promise<void> {
    const { transport, signer, process, signal, received, log } = this.#options;
    const connection = new AbortController();
    const abort = () => connection.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const watch = this.#watchSilence(connection);
    try {
      const path = `${pushPath}?${processParameter}=${encodeURIComponent(process)}`;
      const authorization = await signer.authorize(audience, undefined);
      const { status, chunks } = await transport.stream({ path, authorization, signal: connection.signal });
      if (status !== 200) throw registryErrors.UNREACHABLE(`the registry answered ${status} to ${pushPath}`);
      for await (const event of readPushEvents(chunks)) {
        watch.heard();
        if (event.kind === 'snapshot') {
          connected();
          if (!this.#isConnected) log.info('following the registry', { instances: event.snapshot.instances.length });
          this.#isConnected = true;
        }
        received(event);
      }
    } finally {
      watch.stop();
      signal.removeEventListener('abort', abort);
      connection.abort();
    }
  }

  #watchSilence(connection: AbortController) {
    const { clock, silenceMs } = this.#options;
    const fire = () => connection.abort(registryErrors.UNREACHABLE(`the registry was silent for ${silenceMs} ms`));
    let timer = clock.after(silenceMs, fire);
    return {
      heard() {
        timer.cancel();
        timer = clock.after(silenceMs, fire);
      },
      stop: () => timer.cancel(),
    };
  }
}
