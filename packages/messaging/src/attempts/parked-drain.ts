import type { Random } from '@dure/core';
import type { DeliveryFailure } from '../delivery.ts';
import type { ParkingPolicy } from '../delivery-failure.ts';
import { failureOf } from '../delivery-failure.ts';
import type { DeliveryStanding, ParkedKeys, ParkedMessage } from '../parked-keys.port.ts';
import type { AttemptKit, Tried } from './delivery-attempt.ts';
import { attempt } from './delivery-attempt.ts';
import type { FailureClass } from './failure-class.ts';
import { Pause } from './pause.ts';

export interface ParkedDrainOptions<Tx> extends AttemptKit<Tx> {
  readonly source: string;
  readonly parked: ParkedKeys<Tx>;
  readonly random: Random;
  readonly policy: ParkingPolicy;
  readonly classify: (error: unknown) => FailureClass;
  /** Aborts what is at hand. */
  readonly cut: AbortSignal;
  readonly onApplied: (parked: ParkedMessage) => void;
  /** Whether nothing is to be applied for another reason than that the source is paused. */
  readonly isPaused?: () => boolean;
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
    const { parked, source, clock, telemetry } = this.#options;
    let failures = 0;
    while (!this.#stopped) {
      this.#rung = false;
      try {
        const standing = await parked.standing(source);
        this.#standing = standing;
        const isPaused = standing.paused !== undefined || this.#options.isPaused?.() === true;
        const due = !isPaused && (standing.nextAt ?? Number.POSITIVE_INFINITY) <= clock.now();
        if (due && (await this.#drain())) continue;
        failures = 0;
        const untilNext = due || isPaused ? idleMs : (standing.nextAt ?? Number.POSITIVE_INFINITY) - clock.now();
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
    const { parked, source, clock } = this.#options;
    let moved = false;
    for (const key of await parked.due(source, clock.now(), keysAtOnce)) {
      if (this.#stopped) return false;
      moved = (await this.#drainKey(key)) || moved;
    }
    return moved;
  }

  async #drainKey(key: string): Promise<boolean> {
    const { parked, source, cut, clock, random, policy } = this.#options;
    for (let moved = false; ; moved = true) {
      const first = await parked.first(source, key);
      if (first === undefined || this.#stopped) return moved;
      const tried = await attempt(this.#options, first.message, cut, (call, effect) =>
        parked.apply(first, call, effect),
      );
      if (tried.ok && tried.value === 'elsewhere') return moved;
      if (!tried.ok) {
        if (this.#stopped || cut.aborted) return false;
        if (!tried.ofEffect && this.#options.classify(tried.error) === 'transient') throw tried.error;
        const tries = { attempts: first.attempts + 1, at: clock.now(), random };
        const failure = failureOf(tried.error, first.message.kind, tries, policy);
        await parked.failed(first, failure);
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
