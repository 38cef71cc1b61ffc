import type { Random } from '@dure/core';
import { codeOf, messageOf } from '@dure/core';
import type { DeliveryFailure } from '../delivery.ts';
import type { ParkingDeliveryStore } from '../delivery-store.port.ts';
import type { DeliveryStanding, ParkedMessage } from '../parked-keys.port.ts';
import type { AttemptKit, Tried } from './delivery-attempt.ts';
import { attempt } from './delivery-attempt.ts';
import type { FailureClass } from './failure-class.ts';
import { Pause } from './pause.ts';

/** When parked keys are tried again. */
export interface ParkingPolicy {
  /** Tries of a key's first message before it is left alone until somebody asks for it. Default 12. */
  readonly maxAttempts?: number;
  /** The pause before the first try, in milliseconds; each further one is twice as long. Default 1 000. */
  readonly firstDelayMs?: number;
  /** The longest pause, in milliseconds. Default 300 000. */
  readonly maxDelayMs?: number;
}

/** What a failed try comes to. A reply is tried for ever: a saga waits for it, and nobody else would notice. */
export function failureOf(
  error: unknown,
  kind: ParkedMessage['message']['kind'],
  tries: { readonly attempts: number; readonly at: number; readonly random: Random },
  { maxAttempts = 12, firstDelayMs = 1_000, maxDelayMs = 300_000 }: ParkingPolicy,
): DeliveryFailure {
  const { attempts, at, random } = tries;
  const delayMs = Math.min(firstDelayMs * 2 ** Math.min(attempts - 1, 30), maxDelayMs) * (0.5 + random.next() / 2);
  return {
    code: codeOf(error),
    message: messageOf(error).slice(0, 2_000),
    attempts,
    at,
    nextAt: kind === 'reply' || attempts < maxAttempts ? at + delayMs : undefined,
  };
}

export interface ParkedDrainOptions<Tx> extends AttemptKit<Tx> {
  readonly source: string;
  readonly deliveries: ParkingDeliveryStore<Tx>;
  readonly random: Random;
  readonly policy: ParkingPolicy;
  readonly classify: (error: unknown) => FailureClass;
  /** Aborts what is at hand. */
  readonly cut: AbortSignal;
  readonly onApplied: (parked: ParkedMessage) => void;
}

/** How often the store is looked at while nothing is due: others may have parked, retried or paused. */
const idleMs = 5_000;
const keysAtOnce = 16;

/** Tries the parked keys of one source again when they are due, each key's messages in order, for as long as it runs. */
export class ParkedDrain<Tx> {
  readonly #options: ParkedDrainOptions<Tx>;
  readonly #done: Promise<void>;
  #standing: DeliveryStanding | undefined;
  readonly #pause: Pause;
  #stopped = false;
  #rung = false;

  constructor(options: ParkedDrainOptions<Tx>) {
    this.#options = options;
    this.#pause = new Pause(options.clock);
    this.#done = this.#run();
  }

  /** How things stood when they were last looked at. */
  get standing(): DeliveryStanding | undefined {
    return this.#standing;
  }

  /** Something may be due. */
  ring(): void {
    this.#rung = true;
    this.#pause.end();
  }

  /** Lets the message at hand finish, then ends. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#pause.stop();
    return this.#done;
  }

  async #run(): Promise<void> {
    const { deliveries, source, clock, telemetry } = this.#options;
    let failures = 0;
    while (!this.#stopped) {
      this.#rung = false;
      try {
        const standing = await deliveries.parked.standing(source);
        this.#standing = standing;
        const due = standing.paused === undefined && (standing.nextAt ?? Number.POSITIVE_INFINITY) <= clock.now();
        if (due && (await this.#drain())) continue;
        failures = 0;
        const untilNext = due ? idleMs : (standing.nextAt ?? Number.POSITIVE_INFINITY) - clock.now();
        if (!this.#rung) await this.#pause.for(Math.min(Math.max(untilNext, 1), idleMs));
      } catch (error) {
        failures += 1;
        if (!this.#stopped && (failures & (failures - 1)) === 0)
          telemetry.log.warn('parked messages cannot be looked at', { source, failures, error });
        if (!this.#rung) await this.#pause.for(idleMs);
      }
    }
  }

  /** Tries what is due; whether anything came of it. */
  async #drain(): Promise<boolean> {
    const { deliveries, source, clock } = this.#options;
    let moved = false;
    for (const key of await deliveries.parked.due(source, clock.now(), keysAtOnce)) {
      if (this.#stopped) return false;
      moved = (await this.#drainKey(key)) || moved;
    }
    return moved;
  }

  async #drainKey(key: string): Promise<boolean> {
    const { deliveries, source, cut, clock, random, policy } = this.#options;
    for (let moved = false; ; moved = true) {
      const first = await deliveries.parked.first(source, key);
      if (first === undefined || this.#stopped) return moved;
      const tried = await attempt(this.#options, first.message, cut, (call, effect) =>
        deliveries.parked.apply(first, call, effect),
      );
      if (tried.ok && tried.value === 'elsewhere') return moved;
      if (!tried.ok) {
        if (this.#stopped || cut.aborted) return false;
        if (!tried.ofEffect && this.#options.classify(tried.error) === 'transient') throw tried.error;
        const tries = { attempts: first.attempts + 1, at: clock.now(), random };
        const failure = failureOf(tried.error, first.message.kind, tries, policy);
        await deliveries.parked.failed(first, failure);
        this.#tell(first, failure, tried);
        return true;
      }
      this.#options.onApplied(first);
    }
  }

  #tell({ source, key, message }: ParkedMessage, failure: DeliveryFailure, tried: Tried<unknown>): void {
    const { log } = this.#options.telemetry;
    const { attempts, nextAt } = failure;
    const error = tried.ok ? undefined : tried.error;
    const where = { source, key, type: message.type, id: message.id, attempts, error };
    if (nextAt === undefined) log.error('a parked key is not tried any more; it waits for an operator', where);
    else if (message.kind === 'reply' && (attempts & (attempts - 1)) === 0)
      log.error('a reply waits, and with it a saga', where);
    else log.debug('a parked message still cannot be applied', where);
  }
}
