import { messagingErrors } from '../errors.ts';
import type { MessageLog } from '../message-log.port.ts';

/** How far a consumer is, and the era of the log in which it got there; undefined for one that was never told. */
export interface Reached {
  readonly after: number;
  readonly era: string | undefined;
}

/**
 * The log's present era. MESSAGING_FEED_AHEAD when the consumer has read what the log no longer holds: beyond its end, or, where the log has
 * grown since it was restored, beyond what the consumer's era has in common with it.
 */
export async function refuseAhead(
  { after, era }: Reached,
  consumer: string,
  { log, service }: { readonly log: MessageLog; readonly service: string },
): Promise<string | undefined> {
  const end = await log.advance();
  const now = log.era();
  const common = era === undefined || era === now ? end : await log.endOf(era);
  if (common !== undefined && after <= Math.min(common, end)) return now;
  throw feedAhead({ consumer, service, after, end, common });
}

/** What a consumer has read, and what of it the log still holds; `common` is undefined where the log does not know its era. */
export interface Loss {
  readonly consumer: string;
  readonly service: string;
  readonly after: number;
  readonly end: number;
  readonly common: number | undefined;
}

/** The refusal, with what else is to be said. */
export function feedAhead({ consumer, service, after, end, common }: Loss, more = ''): Error {
  const read = `"${consumer}" has applied the log of ${service} up to ${after}`;
  return messagingErrors.FEED_AHEAD(`${read}, but ${lossOf(common, end)}${more}`, {
    details: { consumer, service, after, end, ...(common === undefined ? {} : { common: Math.min(common, end) }) },
  });
}

function lossOf(common: number | undefined, end: number): string {
  if (common === undefined)
    return `the log, which ends at ${end}, was restored to a time before the era in which it did`;
  if (common >= end) return `the log ends at ${end}: it was restored or has lost its newest part`;
  return `the log was restored or has lost its newest part since: the two have in common what is up to ${common}, and what follows is other messages`;
}
