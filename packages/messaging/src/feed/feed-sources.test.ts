import { systemClock } from '@dure/core';
import { testCall } from '@dure/core/testing';
import { grants, instances, loopback, producer } from '../testing/feed-loopback.ts';
import type { FeedUnderTest } from '../testing/feed-source-contract.ts';
import { feedSourceContract } from '../testing/feed-source-contract.ts';
import { ignored, noted } from '../testing/sample-contracts.ts';
import type { FeedSource } from './feed-source.port.ts';
import { httpFeed } from './http-feed.ts';
import { localFeed } from './local-feed.ts';

const signer = { authorize: async () => 'Bearer t' };

feedSourceContract('over HTTP', async () =>
  under(({ options }) => {
    const { transport } = loopback(options);
    return httpFeed({ source: 'test', as: 'other', instances, signer, clock: systemClock, transport });
  }),
);
feedSourceContract('within a process', async () =>
  under(({ db, tail }) => localFeed({ source: 'test', as: 'other', log: db.log, tail, grant: grants.other })),
);

function under(feedOf: (from: ReturnType<typeof producer>) => FeedSource): FeedUnderTest {
  const from = producer();
  return {
    feed: feedOf(from),
    note: (...counts) =>
      from.db.uow(testCall(), async (tx) => {
        for (const count of counts) {
          tx.emit(noted, { key: 'k', count });
          tx.emit(ignored, { key: 'k' });
        }
      }),
    [Symbol.asyncDispose]: async () => from.tail.close(),
  };
}
