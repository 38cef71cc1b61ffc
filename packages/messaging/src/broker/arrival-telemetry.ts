import type { Counter, Telemetry } from '@dure/telemetry';
import type { BrokerRecord } from '../broker.port.ts';
import type { Message } from '../message.ts';
import type { Arrival } from './envelope.ts';
import { fromRecord } from './envelope.ts';

/** Counts and tells what becomes of what a broker brings, where that is not for the settler to tell. */
export class ArrivalTelemetry {
  readonly #telemetry: Telemetry;
  readonly #count: Counter;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
    this.#count = telemetry.metrics.counter('messaging_messages', 'Messages from other services, by outcome');
  }

  /** Undefined for a record of somebody else. */
  read(record: BrokerRecord): Arrival | undefined {
    try {
      return fromRecord(record);
    } catch (error) {
      const { id, type, source } = record.attributes;
      this.#count.add(1, { source: 'unknown', type: 'unknown', outcome: 'unreadable' });
      this.#telemetry.log.warn('a record is none of ours and is passed over', { error, id, type, source });
      return undefined;
    }
  }

  duplicate(message: Message): void {
    this.#counted(message, 'duplicate');
  }

  /** As with the feed, nobody gets what the log of its source has lost. */
  lost(message: Message): void {
    const { source, type, id, position } = message;
    this.#telemetry.log.warn('a record is of what its log has lost, and is dropped', { source, type, id, position });
    this.#counted(message, 'lost');
  }

  /** The first time, and then ever more seldom: at 2, 4, 8, 16 … */
  failed(error: unknown, { position, type, id }: Message, track: string, failures: number): void {
    if ((failures & (failures - 1)) !== 0) return;
    const where = { track, position, type, id, failures, error };
    this.#telemetry.log.warn('a lane of a source cannot be followed; its messages wait', where);
  }

  goesOn({ position, type }: Message, failures: number): void {
    this.#telemetry.log.info('the lane can be followed again', { position, type, failures });
  }

  #counted({ source, type }: Message, outcome: string): void {
    this.#count.add(1, { source, type, outcome });
  }
}
