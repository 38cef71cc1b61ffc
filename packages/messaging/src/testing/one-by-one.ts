import type { BrokerRecord, SubscribeOptions } from '../broker.port.ts';

/** A handler of records that takes one at a time, however many wait. */
export function oneByOne(
  take: (record: BrokerRecord, signal: AbortSignal) => Promise<void> | void,
): SubscribeOptions['handle'] {
  return async ([record], signal) => {
    if (record === undefined) return 0;
    await take(record, signal);
    return 1;
  };
}
