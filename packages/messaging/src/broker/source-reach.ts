import type { DeliveryStore } from '../delivery-store.port.ts';
import type { FeedEnds, FeedSource } from '../feed/feed-source.port.ts';

/** Tells how far a consumer has applied the log of a source whose messages come by a broker, each track at its own pace. */
export interface SourceReach {
  /** Whether everything of the source up to a position has been applied or parked. */
  holds(source: string, position: number): Promise<boolean>;
}

export interface SourceReachOptions {
  readonly deliveries: Pick<DeliveryStore<never>, 'position' | 'skipTo'>;
  /** How far a track is, by whichever process of the consumer; nothing beyond `wanted` matters. */
  readonly reached: (track: string, wanted: number) => Promise<number>;
  /** The log of a source. Undefined for one that the consumer may not read. */
  readonly feed: (source: string) => Pick<FeedSource, 'ends'> | undefined;
  readonly signal: AbortSignal;
}

/**
 * A track without newer messages stays where it is, so its position alone tells nothing. The log of the source says where each ended
 * up to the position in question; what was once found to be applied is remembered as the position in the log as a whole.
 */
export function sourceReach({ deliveries, reached, feed, signal }: SourceReachOptions): SourceReach {
  const open = new Map<string, FeedEnds>();
  const asking = new Map<string, Promise<FeedEnds>>();
  const ask = (source: string, after: number, position: number, log: Pick<FeedSource, 'ends'>) => {
    const asked = asking.get(source) ?? log.ends(after, position, signal).finally(() => asking.delete(source));
    asking.set(source, asked);
    return asked;
  };
  return {
    async holds(source, position) {
      const whole = await deliveries.position(source);
      if (whole >= position) return true;
      const log = feed(source);
      if (log === undefined) return false;
      const known = open.get(source);
      const ends = known !== undefined && known.upTo >= position ? known : await ask(source, whole, position, log);
      open.set(source, ends);
      if (ends.upTo < position) return false;
      for (const [track, end] of Object.entries(ends.tracks)) {
        if ((await reached(track, end)) < end) return false;
      }
      await deliveries.skipTo(source, ends.upTo);
      return true;
    },
  };
}
