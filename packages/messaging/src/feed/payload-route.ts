import type { HttpRoute } from '@dure/service/server';
import { claimIn } from '../claim-check.ts';
import { messagingErrors } from '../errors.ts';
import type { PayloadStore } from '../payload-store.port.ts';
import type { FeedRouteOptions } from './feed-route.ts';
import { consumerOf, grantOf, wholeNumber } from './feed-route.ts';
import { filterOf } from './local-feed.ts';

/**
 * Serves the data that are too large to travel in their messages, to whom may read these: `GET
 * /.dure/payload?as=<consumer>&position=<position of the message>`. MESSAGING_FEED_FORBIDDEN, MESSAGING_FEED_QUERY, MESSAGING_CLAIM_GONE.
 */
export function payloadRoute(options: FeedRouteOptions & { readonly payloads: PayloadStore }): HttpRoute {
  const { log, payloads, service } = options;
  return {
    method: 'GET',
    path: '/.dure/payload',
    access: 'service',
    handle: async (request, call) => {
      const consumer = consumerOf(request, call);
      const filter = filterOf(grantOf(consumer, options), consumer);
      const position = wholeNumber(request, 'position', 0, Number.MAX_SAFE_INTEGER);
      const [message] = position === 0 ? [] : (await log.read(position - 1, filter, 1, position)).messages;
      const claim = message === undefined ? undefined : claimIn(message);
      if (claim === undefined)
        throw messagingErrors.CLAIM_GONE(
          `the log of ${service} has no message at ${position} that "${consumer}" may read and that has put data aside`,
          { details: { service, consumer, position } },
        );
      const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
      return { status: 200, headers, body: payloads.read(claim) };
    },
  };
}
