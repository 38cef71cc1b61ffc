import type { DeliveryStore, StreamReached } from '../delivery-store.port.ts';
import type { FeedEnds, FeedSource } from '../feed/feed-source.port.ts';
import type { SourceEras } from './source-eras.ts';

/** Tells how far a consumer has applied the log of a source whose messages come by a broker, each track at its own pace. */
export interface SourceReach {
  /** Whether everything of the source up to a position has been applied or parked. */
  holds(source: string, position: number): Promise<boolean>;
}

export interface SourceReachOptions {
  readonly deliveries: Pick<DeliveryStore<never>, 'reached' | 'skipTo' | 'enterEra'>;
  readonly eras: SourceEras;
  /** How far a track is, by whichever process of the consumer; nothing beyond `wanted` matters. */
  readonly reached: (track: string, wanted: number) => Promise<StreamReached>;
  /** The log of a source. Undefined for one that the consumer may not read. */
  readonly feed: (source: string) => Pick<FeedSource, 'ends'> | undefined;
  readonly signal: AbortSignal;
}

/**
 * A track without newer messages stays where it is, so its position alone tells nothing. The log of the source says where each ended
 * up to the position in question; what was once found to be applied is remembered as the position in the log as a whole. What was
 * reached in an earlier era counts as far as the present one has it in common.
 */
export function sourceReach({ deliveries, eras, reached, feed, signal }: SourceReachOptions): SourceReach {
  const open = new Map<string, FeedEnds>();
  const asking = new Map<string, Promise<FeedEnds>>();
  const ask = (source: string, after: number, position: number, log: Pick<FeedSource, 'ends'>) => {
    const asked = asking.get(source) ?? log.ends(after, position, signal).finally(() => asking.delete(source));
    asking.set(source, asked);
    return asked;
  };
  /** Whether the era is the one that the log is in, as far as anybody here has heard. */
  const isPresent = (source: string, era: string | undefined) =>
    eras.present(source) === undefined || era === eras.present(source);
  return {
    async holds(source, position) {
      const [whole = nowhere] = await deliveries.reached([source]);
      if (whole.position >= position && isPresent(source, whole.era)) return true;
      const log = feed(source);
      if (log === undefined) return false;
      const known = open.get(source);
      const isKnown = known !== undefined && known.upTo >= position && isPresent(source, known.era);
      const ends = isKnown ? known : await ask(source, whole.position, position, log);
      open.set(source, ends);
      if (ends.upTo < position) return false;
      if ((await eras.within(source, whole, ends.era)) < whole.position) return false;
      for (const [track, end] of Object.entries(ends.tracks)) {
        if ((await eras.within(source, await reached(track, end), ends.era)) < end) return false;
      }
      if (ends.era !== undefined && ends.era !== whole.era) await deliveries.enterEra(source, ends.era);
      await deliveries.skipTo(source, ends.upTo, ends.era);
      return true;
    },
  };
}

const nowhere: StreamReached = { position: 0, era: undefined };
