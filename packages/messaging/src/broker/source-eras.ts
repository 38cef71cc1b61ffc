import type { StreamReached } from '../delivery-store.port.ts';
import type { FeedSource, LogEras } from '../feed/feed-source.port.ts';
import { feedAhead } from '../feed/refuse-ahead.ts';

/** A record of another era than the one in which its lane was read so far, or than the one in which the log is now. */
export interface EraChange {
  readonly source: string;
  /** The lane: `order/events/7`. */
  readonly track: string;
  readonly reached: StreamReached;
  readonly record: { readonly position: number; readonly era: string };
  /** The era that the log is known to be in by now, so that an answer of an earlier one is worth nothing. */
  readonly now?: string;
}

/** What the log says of it. */
export interface EraVerdict {
  /** The era in which the lane goes on: of the record, or the log's present one. */
  readonly era: string | undefined;
  /** Whether the log holds the record; it is of a part that was lost otherwise. */
  readonly holds: boolean;
}

/** Compares eras of records with those in which lanes were read: only the log knows what they have in common. */
export interface SourceEras {
  /** Undefined for a source whose log may not be read. MESSAGING_FEED_AHEAD when the lane has read what the log lost. */
  compare(change: EraChange): Promise<EraVerdict | undefined>;
  /** How much of what was reached is also so in the era that is the log's present one. */
  within(source: string, reached: StreamReached, era: string | undefined): Promise<number>;
  /** The era that a source's log was in when it was last asked for one; undefined before that. */
  present(source: string): string | undefined;
}

export interface SourceErasOptions {
  /** The consumer. */
  readonly as: string;
  /** The log of a source. Undefined for one that the consumer may not read. */
  readonly feed: (source: string) => Pick<FeedSource, 'eras'> | undefined;
  readonly signal: AbortSignal;
}

interface Known {
  readonly eras: LogEras;
  /** The eras that were asked for, also those that the log does not know. */
  readonly of: ReadonlySet<string>;
}

/** The log is asked once for each pair of eras, which is once for each start of its server; in between nothing is. */
export function sourceEras({ as, feed, signal }: SourceErasOptions): SourceEras {
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<LogEras>>();
  const ask = (source: string, of: readonly string[], log: Pick<FeedSource, 'eras'>) => {
    const name = [source, ...of].join(' ');
    const asked = asking.get(name) ?? log.eras([...new Set(of)], signal).finally(() => asking.delete(name));
    asking.set(name, asked);
    return asked;
  };
  const remember = (source: string, of: readonly string[], eras: LogEras): LogEras => {
    const before = known.get(source);
    const same = before !== undefined && before.eras.era === eras.era;
    const common = { ...(same ? before.eras.common : {}), ...eras.common };
    known.set(source, { eras: { ...eras, common }, of: new Set([...(same ? before.of : []), ...of]) });
    return { ...eras, common };
  };
  const erasOf = async (source: string, of: readonly string[], end = 0, now?: string): Promise<LogEras | undefined> => {
    const before = known.get(source);
    const isKnown = before !== undefined && of.every((era) => era === before.eras.era || before.of.has(era));
    if (isKnown && before.eras.end >= end && (now ?? before.eras.era) === before.eras.era) return before.eras;
    const log = feed(source);
    return log === undefined ? undefined : remember(source, of, await ask(source, of, log));
  };
  const commonWith = ({ era: present, common }: LogEras, era: string) =>
    era === present ? Number.MAX_SAFE_INTEGER : common[era];
  return {
    async compare({ source, track, reached: { position, era }, record, now }) {
      const of = era === undefined ? [record.era] : [era, record.era];
      const eras = await erasOf(source, of, era === undefined ? position : 0, now);
      if (eras === undefined) return undefined;
      const common = era === undefined ? eras.end : commonWith(eras, era);
      if (common === undefined || position > common) {
        known.delete(source); // It is asked anew the next time: somebody may have done something about it.
        const loss = { consumer: as, service: source, after: position, end: eras.end, common };
        throw feedAhead(loss, `; the lane is ${track}, read in the era ${era ?? 'null'}`);
      }
      const held = commonWith(eras, record.era) ?? 0;
      const holds = record.position <= held;
      return { era: holds && position <= held ? record.era : eras.era, holds };
    },
    async within(source, { position, era }, present) {
      if (era === undefined || present === undefined || era === present) return position;
      const eras = await erasOf(source, [era]);
      if (eras?.era !== present) return 0; // Another one has begun meanwhile: whoever wants to know asks again.
      return Math.min(position, commonWith(eras, era) ?? 0);
    },
    present: (source) => known.get(source)?.eras.era,
  };
}
