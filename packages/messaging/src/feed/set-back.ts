import { tracksOf } from '../broker-lane.ts';
import type { StreamInEra } from '../delivery-operations.port.ts';
import type { ParkingDeliveryStore, StreamReached } from '../delivery-store.port.ts';
import { messagingErrors } from '../errors.ts';
import type { Intervention } from '../parked-keys.port.ts';
import type { FeedSource, LogEras } from './feed-source.port.ts';

/** Behind which position a consumer is to go on with a source whose log was restored, and who says so. */
export interface SetBackWish {
  readonly source: string;
  readonly after: number;
  readonly who: Intervention;
}

export interface SetBackOptions {
  /** The consumer. */
  readonly as: string;
  readonly deliveries: Pick<ParkingDeliveryStore<never>, 'reached' | 'operations'>;
  /** The log of the source. */
  readonly feed: Pick<FeedSource, 'eras'>;
  readonly signal: AbortSignal;
}

/** A stream that has read what the log of its source has lost. */
export interface StreamAhead extends StreamInEra {
  readonly position: number;
  /** The last position that both have; undefined where the log does not know the era. */
  readonly common: number | undefined;
}

export interface SetBackOutcome {
  /** Those that were set back, as they were before: the source itself, and its lanes behind a broker. */
  readonly setBack: readonly StreamAhead[];
  /** Those that have another position in common with the log. */
  readonly left: readonly StreamAhead[];
}

/** As many as a log is asked about at a time. */
const mostEras = 2;
/** It is asked about one in any case. */
const noEra = 'none';

interface Standing {
  readonly ahead: readonly StreamAhead[];
  /** Where the log ends. */
  readonly end: number;
}

/**
 * Sets a consumer back that is refused with MESSAGING_FEED_AHEAD, so that it goes on with what its source has written since. What the log still holds
 * of what a stream has read is asked of the log itself: only streams that have read something else are set back, and only to the position that both
 * have in common, so that nothing is applied twice and nothing passed over. MESSAGING_SET_BACK_REFUSED; MESSAGING_FEED_FAILED when the log
 * cannot be asked.
 *
 * @example
 * await setBack({ source: 'order', after: 4711, who }, { as: 'payment', deliveries: db.deliveries, feed, signal });
 */
export async function setBack(wish: SetBackWish, options: SetBackOptions): Promise<SetBackOutcome> {
  const { source, after, who } = wish;
  const { as, deliveries } = options;
  const standing = await standingOf(source, options);
  const chosen = chosenOf(standing, after);
  if (chosen.length === 0) throw refused(reasonOf(standing, wish, as), wish, standing.ahead);
  if ((await deliveries.operations.setBack(source, chosen, after, who)) === 0)
    throw refused(`"${as}" has gone on with ${source} meanwhile, or was set back by somebody else`, wish, []);
  return { setBack: chosen, left: standing.ahead.filter((one) => !chosen.includes(one)) };
}

async function standingOf(source: string, options: SetBackOptions): Promise<Standing> {
  const streams = [source, ...tracksOf(source)];
  const reached = await options.deliveries.reached(streams);
  const eras = await erasOf(reached, options);
  const { end } = eras;
  const ahead = reached.flatMap(({ position, era }, index) => {
    const common = commonOf(era, eras);
    const isAhead = common === undefined ? era !== undefined || position > end : position > common;
    return isAhead ? [{ stream: streams[index] ?? source, position, era, common }] : [];
  });
  return { ahead, end };
}

async function erasOf(reached: readonly StreamReached[], { feed, signal }: SetBackOptions): Promise<LogEras> {
  const named = [...new Set(reached.flatMap(({ era }) => era ?? []))];
  const of = named.length === 0 ? [noEra] : named;
  let all = await feed.eras(of.slice(0, mostEras), signal);
  for (let from = mostEras; from < of.length; from += mostEras) {
    const more = await feed.eras(of.slice(from, from + mostEras), signal);
    all = { ...more, common: { ...all.common, ...more.common } };
  }
  return all;
}

/** What is read in no era, or in one that the log does not know, can only be held against its end. */
function commonOf(era: string | undefined, { era: present, end, common }: LogEras): number | undefined {
  if (era === undefined) return undefined;
  const known = era === present ? end : common[era];
  return known === undefined ? undefined : Math.min(known, end);
}

/** Where the log does not know what both have in common, whoever asks must, within what was read and what there is. */
function chosenOf({ ahead, end }: Standing, after: number): readonly StreamAhead[] {
  const agreed = ahead.filter(({ common }) => common === after);
  if (agreed.length > 0) return agreed;
  const unknown = ahead.filter(({ common }) => common === undefined);
  return after <= end && unknown.some(({ position }) => position >= after) ? unknown : [];
}

function reasonOf({ ahead, end }: Standing, { source, after }: SetBackWish, as: string): string {
  if (ahead.length === 0)
    return `the log of ${source} holds all that "${as}" has read of it: nothing is to be set back`;
  const commons = [...new Set(ahead.flatMap(({ common }) => common ?? []))].toSorted((a, b) => a - b);
  if (commons.length > 0)
    return `"${as}" and the log of ${source} have in common what is up to ${commons.join(' or ')}, not ${after}`;
  const furthest = Math.max(...ahead.map(({ position }) => position));
  const limit = end < furthest ? `the log of ${source} ends at ${end}` : `"${as}" has read ${source} up to ${furthest}`;
  return `${limit}, which is before ${after}: what is between would be passed over`;
}

function refused(why: string, { source, after }: SetBackWish, ahead: readonly StreamAhead[]): Error {
  const streams = ahead.slice(0, 40);
  return messagingErrors.SET_BACK_REFUSED(why, { details: { source, after, streams } });
}
