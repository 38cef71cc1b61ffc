import { configErrors } from '../errors.ts';
import { busPath, reportsPath } from '../wire/change-feed.ts';
import type { FeedHintsOptions } from './feed-hints-options.ts';
import { FeedLine } from './feed-line.ts';
import type { ConfigHints } from './hints.ts';
import { fetchFeed } from './transport.ts';

/** Hints by the config server's change feed. */
export interface FeedHints extends ConfigHints {
  /** Sends an event of the bus to all who follow the feed, oneself included. CONFIG_SERVER_REFUSED. */
  publish(event: object): Promise<void>;
}

/**
 * Hints by one long-lived answer of our config server: which version to run, whether a candidate fits, events of the bus.
 * A server that has no feed, such as Spring's, is asked every few seconds as before.
 *
 * @example
 * const hints = feedHints({ url, signer, instance: 'order:1', clock, random });
 * await using watch = await watchConfig({ sections, service: 'order', profiles, sources, clock, random, hints });
 */
export function feedHints(options: FeedHintsOptions): FeedHints {
  const { transport = fetchFeed, signer } = options;
  const base = options.url.replace(/\/+$/, '');
  const authorize = () => signer.authorize('config', undefined);
  const post = async (path: string, body: object) => {
    const status = await transport.post({
      url: base + path,
      authorization: await authorize(),
      body: JSON.stringify(body),
    });
    if (status >= 300)
      throw configErrors.SERVER_REFUSED(`the config server answered ${status} to ${path}`, { details: { status } });
  };
  return {
    follow: (follower) =>
      new FeedLine(options, follower, {
        open: async (path, signal) => transport.open({ url: base + path, authorization: await authorize(), signal }),
        report: (report) => post(reportsPath, report),
      }),
    publish: (event) => post(busPath, event),
  };
}
