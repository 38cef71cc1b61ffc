import type { Clock } from '@dure/core';
import type { History, HistoryEffect, HistoryMessage, HistoryPoll, HistoryUnit } from './history.ts';

/** A unit of work while it runs. */
export interface UnitRecording {
  /** It begins, or begins again because what it had written was rolled back. */
  starts(): void;
  wrote(message: HistoryMessage): void;
  ends(outcome: HistoryUnit['outcome']): void;
}

/** Writes down what clients ask and what they are told, in one process and on its clock. */
export class HistoryRecorder {
  readonly #clock: Clock;
  readonly #units: HistoryUnit[] = [];
  readonly #polls: HistoryPoll[] = [];
  readonly #acknowledged: Pick<HistoryEffect, 'consumer' | 'of'>[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How much it has written down. */
  get size(): Readonly<Record<'units' | 'unknown' | 'failed' | 'polls' | 'acknowledged', number>> {
    const of = (outcome: HistoryUnit['outcome']) => this.#units.filter((unit) => unit.outcome === outcome).length;
    const [units, polls, acknowledged] = [this.#units, this.#polls, this.#acknowledged].map(({ length }) => length);
    return {
      units: units ?? 0,
      unknown: of('unknown'),
      failed: of('failed'),
      polls: polls ?? 0,
      acknowledged: acknowledged ?? 0,
    };
  }

  /** A unit of work is asked for. */
  unit(): UnitRecording {
    const beganMs = this.#clock.monotonicMs();
    let writes: HistoryMessage[] = [];
    const ends = (outcome: HistoryUnit['outcome']) => {
      if (writes.length > 0) this.#units.push({ writes, outcome, beganMs, endedMs: this.#clock.monotonicMs() });
      writes = [];
    };
    return { starts: () => ends('failed'), wrote: (message) => void writes.push(message), ends };
  }

  /** A poll was answered. */
  polled(poll: Omit<HistoryPoll, 'endedMs'>): void {
    this.#polls.push({ ...poll, endedMs: this.#clock.monotonicMs() });
  }

  /** A consumer was told that an effect is committed. */
  applied(consumer: string, of: string): void {
    this.#acknowledged.push({ consumer, of });
  }

  /** All of it, with what was found at the end. */
  history(end: Pick<History, 'logs' | 'effects'>): History {
    return { units: this.#units, polls: this.#polls, acknowledged: this.#acknowledged, ...end };
  }
}
