import type { DeliveryStore } from '@dure/messaging';
import { redeemed } from '@dure/messaging';
import type { FeedConsumer, FeedSource, Whole } from '@dure/messaging/feed';
import { httpFeed, localFeed, startFeedConsumer } from '@dure/messaging/feed';
import { dureErrors } from '../errors.ts';
import type { Dispatch } from './deliveries.ts';
import { faultyFeed } from './faulty-carriers.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';

/** Begins to pull the logs of all services that have something for this one. */
export function consume<Tx>(
  dispatch: Dispatch<Tx>,
  deliveries: DeliveryStore<Tx>,
  kit: ServiceKit,
  process: ProcessKit,
): readonly FeedConsumer[] {
  const { name, service, telemetry } = kit;
  const { clock, random } = process.machine;
  const { faults } = process;
  const feedFrom = (source: string) => {
    const feed = feedOf(source, kit, process);
    return faults === undefined ? feed : faultyFeed(feed, faults);
  };
  return service.pulls.map((source) =>
    startFeedConsumer<Tx>({
      feed: feedFrom(source),
      as: name,
      deliveries,
      dispatch,
      clock,
      random,
      telemetry,
      retry: { fatal: unreadable },
      whole: wholeOf(kit, process),
    }),
  );
}

/** A message that this version of the service does not understand stays so until another is started. */
export const unreadable = [dureErrors.MESSAGE_UNKNOWN.code, dureErrors.MESSAGE_UNREADABLE.code];

/** A log in this very process is read directly; any other over HTTP: for so long, or, with 0, as it is at the moment. */
export function feedOf(
  source: string,
  { name, platform }: ServiceKit,
  { run, machine, logs }: ProcessKit,
  waitSeconds?: number,
): FeedSource {
  const own = logs.get(source);
  const grant = run.services[source]?.grants[name];
  if (own !== undefined && grant !== undefined)
    return localFeed({ source, as: name, log: own.log, tail: own.tail, grant, payloads: own.payloads });
  const { instances, signer } = platform;
  const waiting = waitSeconds === undefined ? {} : { waitSeconds };
  return httpFeed({ source, as: name, instances, signer, clock: machine.clock, ...waiting });
}

/** Fetches the data that messages have put aside: of a log in this very process from its database, of any other over HTTP. */
export function wholeOf(kit: ServiceKit, process: ProcessKit): Whole {
  return (message, signal) => {
    const { source } = message;
    const own = source === kit.name ? process.logs.get(source)?.payloads : undefined;
    const claim = message.meta.claim;
    if (own !== undefined && claim !== undefined) return redeemed(message, own.read(claim));
    return redeemed(message, feedOf(source, kit, process, 0).payload(message, signal));
  };
}
