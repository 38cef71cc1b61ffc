import { claimIn } from '../claim-check.ts';
import type { LogTail } from '../log-tail.ts';
import type { MessageFilter, MessageLog } from '../message-log.port.ts';
import type { PayloadStore } from '../payload-store.port.ts';
import { erasIn } from './eras-in.ts';
import type { FeedEnds, FeedGrant, FeedSource } from './feed-source.port.ts';
import { inEra } from './in-era.ts';
import { refuseAhead } from './refuse-ahead.ts';
import { refuseBelow } from './refuse-below.ts';

/** After how many positions the log is told again how far the consumer is. */
const tellEvery = 10_000;

/** What a grant lets a consumer see. */
export function filterOf(grant: FeedGrant, consumer: string): MessageFilter {
  return { events: grant.events, destination: grant.addressed ? consumer : undefined };
}

/** Where the tracks of a log ended that a reader wants. */
export async function endsIn(log: MessageLog, after: number, upTo: number, filter: MessageFilter): Promise<FeedEnds> {
  const end = Math.min(upTo, await log.advance());
  const era = log.era();
  return { upTo: end, tracks: end > after ? await log.ends(after, end, filter) : {}, era };
}

/** The log of a service that runs in the same process, without HTTP: same order, same positions, same grant. */
export function localFeed(options: {
  readonly source: string;
  /** The consumer. */
  readonly as: string;
  readonly log: MessageLog;
  readonly tail: LogTail;
  readonly grant: FeedGrant;
  /** Where its large data are. Default: it has none. */
  readonly payloads?: PayloadStore;
}): FeedSource {
  const { source, as, log, tail, grant, payloads } = options;
  const filter = filterOf(grant, as);
  return {
    source,
    positionAt: (at) => log.before(at),
    ends: (after, upTo) => endsIn(log, after, upTo, filter),
    eras: (of) => erasIn(log, of),
    payload: (message) => {
      const claim = claimIn(message);
      return claim === undefined || payloads === undefined ? nothing() : payloads.read(claim);
    },
    async *open(after, signal, readIn) {
      const era = await refuseAhead({ after, era: readIn }, as, { log, service: source });
      refuseBelow(await log.asked(as, after), after, as, source);
      yield { messages: [], mark: after, era }; // At once, so that the consumer knows it is connected.
      let told = after;
      for await (const page of inEra(log, era, tail.follow(after, filter, signal))) {
        yield page;
        // Whoever asks for the next page has applied this one.
        if (page.mark - told < tellEvery) continue;
        told = page.mark;
        await log.asked(as, told);
      }
    },
  };
}

async function* nothing(): AsyncIterable<string> {}
