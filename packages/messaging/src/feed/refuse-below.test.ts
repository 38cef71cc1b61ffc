import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, systemClock } from '@dure/core';
import type { MessageLog } from '../message-log.port.ts';
import { ask, grants, instances, loopback, note, producer } from '../testing/feed-loopback.ts';
import { httpFeed } from './http-feed.ts';
import { localFeed } from './local-feed.ts';

test('a consumer that asks for what has been dropped is told so, and each question says how far it is', async () => {
  const { db, options, tail } = producer();
  await note(db, 1, 2, 3);
  const asked: unknown[] = [];
  const log: MessageLog = {
    ...db.log,
    async asked(...of) {
      asked.push(of);
      return 2;
    },
  };
  const below = (error: unknown) => codeOf(error) === 'MESSAGING_FEED_BELOW_FLOOR' && /up to 2/.test(String(error));
  await assert.rejects(ask({ ...options, log }, 'as=other&after=1'), below);
  await ask({ ...options, log }, 'as=other&after=2&wait=0');
  const local = localFeed({ source: 'test', as: 'other', log, tail, grant: grants.other });
  await assert.rejects(async () => {
    for await (const _ of local.open(1, new AbortController().signal)) assert.fail('it begins');
  }, below);
  assert.deepEqual(asked, [
    ['other', 1],
    ['other', 2],
    ['other', 1],
  ]);
  const { transport } = loopback({ ...options, log });
  const over = httpFeed({
    source: 'test',
    as: 'other',
    instances,
    signer: { authorize: async () => 'Bearer t' },
    clock: systemClock,
    transport,
  });
  await assert.rejects(async () => {
    for await (const _ of over.open(1, new AbortController().signal)) assert.fail('it begins');
  }, below);
});
