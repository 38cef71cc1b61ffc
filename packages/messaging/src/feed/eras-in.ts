import type { MessageLog } from '../message-log.port.ts';
import type { LogEras } from './feed-source.port.ts';

/** What a log has in common with eras in which it was read. */
export async function erasIn(log: MessageLog, of: readonly string[]): Promise<LogEras> {
  const end = await log.advance();
  const era = log.era();
  const ends = await Promise.all(of.map(async (one) => ({ one, upTo: await log.endOf(one) })));
  const known = ends.flatMap(({ one, upTo }) => (upTo === undefined ? [] : [[one, upTo] as const]));
  return { era, end, common: Object.fromEntries(known) };
}
