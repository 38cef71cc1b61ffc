import type { Clock, Random } from '@dure/core';
import { messageOf, wait } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { Logger } from '@dure/telemetry';
import { registryErrors } from '../errors.ts';
import type { Position } from '../wire/push-stream.ts';
import { positionText, processParameter, pushPath, retryAfterHeader } from '../wire/push-stream.ts';
import { Acknowledger } from './acknowledger.ts';
import { backoffMs } from './backoff.ts';
import { EurekaPoll } from './eureka-poll.ts';
import type { PushEvent } from './read-push-events.ts';
import { readPushEvents } from './read-push-events.ts';
import { audience } from './registration-loop.ts';
import type { RegistryTransport, StreamAnswer } from './transport.ts';

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
  /** The interval at which a registry without a push stream is asked. */
  readonly pollMs: number;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
  /** The registry could not be reached and never was before. */
  readonly away: () => Promise<void>;
  /** `isFirst` of its connection: the registry has just said what it holds, or what it held all the time. */
  readonly received: (event: PushEvent, isFirst: boolean) => void;
}

/** Keeps one push stream open until it is told to stop: reconnects, at once the first time, then ever more slowly. */
export class PushSubscription {
  readonly #options: SubscriptionOptions;
  readonly #acknowledger: Acknowledger;
  #poller: EurekaPoll | undefined;
  #isConnected = false;
  /** How far the last stream came: a new one goes on from there. */
  #position: Position | undefined;
  /** When the registry wants us, if it was asked by too many at once. */
  #turnInMs: number | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#acknowledger = new Acknowledger(options);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Says good-bye, so that nobody who drains waits for this process. Never rejects. */
  async leave(): Promise<void> {
    if (this.#isConnected && this.#position !== undefined) await this.#acknowledger.leave();
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
      if (failures === 0 && this.#position === undefined && !signal.aborted) await this.#options.away();
      this.#isConnected = false;
      failures += 1;
      await wait(clock, this.#turnInMs ?? backoffMs(failures, 50, 3_000, random), signal);
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
      this.#turnInMs = undefined;
      const authorization = await signer.authorize(audience, undefined);
      const lastEventId = this.#position === undefined ? {} : { lastEventId: positionText(this.#position) };
      const answer = await transport.stream({ path, authorization, ...lastEventId, signal: connection.signal });
      if (answer.status === 404) {
        watch.stop();
        await this.#poll(connected);
        return;
      }
      if (answer.status !== 200) {
        this.#turnInMs = turnOf(answer);
        if (this.#turnInMs !== undefined) return;
        throw registryErrors.UNREACHABLE(`the registry answered ${answer.status} to ${pushPath}`);
      }
      let isFirst = true;
      for await (const event of readPushEvents(answer.chunks)) {
        watch.heard();
        this.#position = event.position ?? this.#position;
        if (isFirst) {
          connected();
          log.info(
            'following the registry',
            event.kind === 'snapshot' ? { instances: event.snapshot.instances.length } : {},
          );
          this.#isConnected = true;
        }
        received(event, isFirst);
        isFirst = false;
        if (event.kind === 'ping' && event.position !== undefined) this.#acknowledger.acknowledge(event.position);
      }
    } finally {
      watch.stop();
      signal.removeEventListener('abort', abort);
      connection.abort();
    }
  }

  /** There is no push stream here: a registry of another kind. */
  async #poll(connected: () => void): Promise<void> {
    const { transport, signer, signal, received, log, pollMs } = this.#options;
    this.#poller ??= new EurekaPoll({
      ...this.#options,
      intervalMs: pollMs,
      async get(path) {
        const authorization = await signer.authorize(audience, undefined);
        return transport.send({ method: 'GET', path, authorization, timeoutMs: pollTimeoutMs });
      },
      snapshot: (snapshot) => received({ kind: 'snapshot', position: undefined, snapshot }, false),
      change: (change) => received({ kind: 'change', position: undefined, change }, false),
    });
    await this.#poller.run(() => {
      connected();
      if (!this.#isConnected) log.info('following the registry by polling, as it has no push stream', { pollMs });
      this.#isConnected = !signal.aborted;
    });
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

const pollTimeoutMs = 8_000;
/** A turn is waited for at most this long, whatever the registry says. */
const longestTurnMs = 120_000;

function turnOf({ status, headers }: StreamAnswer): number | undefined {
  const waitMs = Number(headers.get(retryAfterHeader) ?? Number.NaN);
  return status === 503 && waitMs > 0 ? Math.min(waitMs, longestTurnMs) : undefined;
}
