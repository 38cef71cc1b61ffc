import type { HttpRoute } from '@dure/service/server';
import { messagingErrors } from '../errors.ts';
import { erasIn } from './eras-in.ts';
import type { FeedRouteOptions } from './feed-route.ts';
import { consumerOf, grantOf } from './feed-route.ts';

/** As many as a consumer compares at a time: the one in which it is, and that of a record. */
const listOfEras = /^[\w-]{1,64}(,[\w-]{1,64})?$/;

/**
 * Tells a consumer behind a broker what the log has in common with eras in which it was read: `GET
 * /.dure/eras?as=<consumer>&of=<era>,<era>`. MESSAGING_FEED_FORBIDDEN, MESSAGING_FEED_QUERY.
 */
export function erasRoute(options: FeedRouteOptions): HttpRoute {
  return {
    method: 'GET',
    path: '/.dure/eras',
    access: 'service',
    handle: async (request, call) => {
      grantOf(consumerOf(request, call), options);
      const of = request.query.get('of') ?? '';
      if (!listOfEras.test(of)) {
        throw messagingErrors.FEED_QUERY(
          `"of" is "${of}", expected one or two eras, as records and answers name them`,
          {
            details: { name: 'of', value: of },
          },
        );
      }
      const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
      return { status: 200, headers, body: JSON.stringify(await erasIn(options.log, of.split(','))) };
    },
  };
}
