import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, systemClock } from '@dure/core';
import { testCall, testIds } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import { attempt } from '../attempts/delivery-attempt.ts';
import { asideBytes, chunksOf, redeemed } from '../claim-check.ts';
import type { Message } from '../message.ts';
import { other, producer } from '../testing/feed-loopback.ts';
import { largeNoted } from '../testing/sample-contracts.ts';
import { httpFeed } from './http-feed.ts';
import { payloadRoute } from './payload-route.ts';
import type { StreamTransport } from './transport.ts';

const clock = systemClock;
const text = '두레🛒'.repeat(asideBytes);
const grants = { other: { events: ['test.largeNoted'], addressed: true }, narrow: { events: [], addressed: false } };

async function world() {
  const { db, options } = producer();
  await db.uow(testCall(), async (tx) => tx.emit(largeNoted, { key: 'k', text }));
  const [message] = (await db.log.read(0, 'all', 1)).messages;
  const route = payloadRoute({ ...options, grants, payloads: db.payloads });
  const ask = async (query: string, subject = 'other') =>
    route.handle(
      { method: 'GET', url: '', params: {}, query: new URLSearchParams(query), headers: {}, body: new Uint8Array() },
      testCall({ identity: { ...other, subject } }),
    );
  return { message: message ?? assert.fail(), ask };
}

test('large data go to whom may read their message, and to nobody else', async () => {
  const { ask } = await world();
  const { status, body } = await ask('as=other&position=1');
  let read = '';
  for await (const chunk of body as AsyncIterable<string>) read += chunk;
  assert.deepEqual([status, JSON.parse(read)], [200, { key: 'k', text }]);
  const gone = (error: unknown) => codeOf(error) === 'MESSAGING_CLAIM_GONE';
  await assert.rejects(ask('as=narrow&position=1', 'narrow'), gone);
  await assert.rejects(ask('as=other&position=2'), gone);
  await assert.rejects(ask('as=other&position=0'), gone);
  await assert.rejects(ask('as=other&position=1', 'narrow'), (error) => codeOf(error) === 'MESSAGING_FEED_FORBIDDEN');
});

test('a message is handled with the data that it claims; what cannot be fetched is the message’s own failure', async () => {
  const { message, ask } = await world();
  const transport: StreamTransport = async ({ url }) => {
    assert.match(url, /\/\.dure\/payload\?as=other&position=1$/);
    return { status: 200, body: (await ask('as=other&position=1')).body as AsyncIterable<string> };
  };
  const instance = {
    id: 'test:1',
    service: 'test',
    host: 'h',
    port: 1,
    managementPort: undefined,
    zone: undefined,
    metadata: {},
  };
  const instances = { instances: () => [instance], onChange: () => () => {} };
  const feed = httpFeed({
    source: 'test',
    as: 'other',
    instances,
    signer: { authorize: async () => 'Bearer t' },
    clock,
    transport,
  });
  const seen: Message[] = [];
  const kit = {
    as: 'other',
    dispatch: async (one: Message) => {
      seen.push(one);
      return undefined;
    },
    clock,
    telemetry: silentTelemetry(testIds()),
    attemptTimeoutMs: 1_000,
    whole: (one: Message, signal: AbortSignal) => redeemed(one, feed.payload(one, signal)),
  };
  const never = new AbortController().signal;
  const run = async (_: unknown, effect: (tx: undefined) => Promise<unknown>) => effect(undefined);
  assert.equal((await attempt(kit, message, never, run)).ok, true);
  assert.deepEqual(seen[0]?.data, { key: 'k', text });
  assert.equal((await attempt(kit, { ...message, data: { replaced: true } }, never, run)).ok, true);
  assert.deepEqual(seen[1]?.data, { replaced: true }, 'what somebody has corrected is taken');
  const broken = {
    ...message,
    data: 'sha256:0',
    meta: { ...message.meta, claim: { sha256: '0', bytes: message.meta.claim?.bytes ?? 0 } },
  };
  const failed = await attempt(kit, broken, never, run);
  assert.ok(!failed.ok && failed.ofEffect && codeOf(failed.error) === 'MESSAGING_CLAIM_BROKEN');
});

test('a chunk never ends in the middle of a character', () => {
  const json = JSON.stringify(`a${'🛒'.repeat(300_000)}`);
  const chunks = chunksOf(json);
  assert.ok(chunks.length > 1);
  assert.equal(chunks.join(''), json);
  assert.ok(chunks.every((chunk) => Buffer.from(chunk).toString() === chunk));
});
