import type { Arrival } from './envelope.ts';

/** Those of a lane from the first on of which each is the next one behind the one before it, of the same era of the log and with its data. */
export function chainFrom(arrivals: readonly Arrival[]): readonly Arrival[] {
  const end = arrivals.findIndex((arrival, index) => {
    const before = arrivals[index - 1];
    if (before === undefined) return false;
    return arrival.previous !== before.message.position || arrival.era !== before.era || arrival.inLog;
  });
  return end === -1 ? arrivals : arrivals.slice(0, end);
}
