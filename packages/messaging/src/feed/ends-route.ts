import type { HttpRoute } from '@dure/service/server';
import type { FeedRouteOptions } from './feed-route.ts';
import { consumerOf, grantOf, wholeNumber } from './feed-route.ts';
import { endsIn, filterOf } from './local-feed.ts';

/**
 * Tells a consumer behind a broker where its tracks ended, so that it knows when it has everything: `GET
 * /.dure/ends?as=<consumer>&after=<position>&upto=<position>`. MESSAGING_FEED_FORBIDDEN, MESSAGING_FEED_QUERY.
 */
export function endsRoute(options: FeedRouteOptions): HttpRoute {
  return {
    method: 'GET',
    path: '/.dure/ends',
    access: 'service',
    handle: async (request, call) => {
      const consumer = consumerOf(request, call);
      const filter = filterOf(grantOf(consumer, options), consumer);
      const after = wholeNumber(request, 'after', 0, Number.MAX_SAFE_INTEGER);
      const upTo = wholeNumber(request, 'upto', 0, Number.MAX_SAFE_INTEGER);
      const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
      return { status: 200, headers, body: JSON.stringify(await endsIn(options.log, after, upTo, filter)) };
    },
  };
}
