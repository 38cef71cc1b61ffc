import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredSpan } from '../store/telemetry-store.port.ts';
import { testSpan } from '../testing/telemetry-store-contract.ts';
import { linkCounter } from './dependency-links.ts';

const id = (number: number) => number.toString(16).padStart(16, '0');
const span = (
  number: number,
  parent: number | undefined,
  kind: StoredSpan['kind'],
  service: string,
  change: Partial<StoredSpan> = {},
) =>
  testSpan({ spanId: id(number), parentId: parent === undefined ? undefined : id(parent), kind, service, ...change });

function links(...spans: readonly StoredSpan[]) {
  const counter = linkCounter();
  counter.add(spans);
  return counter.links();
}

test('a call is counted once, by the side that answers', () => {
  assert.deepEqual(
    links(
      span(1, undefined, 'server', 'web'),
      span(2, 1, 'client', 'web', { remoteService: 'order' }),
      span(3, 2, 'server', 'order'),
    ),
    [{ parent: 'web', child: 'order', callCount: 1 }],
  );
});

test('a client without a server span, as before a database, counts by what it names', () => {
  assert.deepEqual(
    links(span(1, undefined, 'server', 'order'), span(2, 1, 'client', 'order', { remoteService: 'postgres' })),
    [{ parent: 'order', child: 'postgres', callCount: 1 }],
  );
});

test('a client and a server that share an id are one call, and its error counts once', () => {
  assert.deepEqual(
    links(
      span(1, undefined, 'client', 'web', { failed: true }),
      span(1, undefined, 'server', 'order', { failed: true }),
    ),
    [{ parent: 'web', child: 'order', callCount: 1, errorCount: 1 }],
  );
});

test('local spans in between are passed over', () => {
  assert.deepEqual(
    links(
      span(1, undefined, 'server', 'web'),
      span(2, 1, 'internal', 'web'),
      span(3, 2, 'client', 'web'),
      span(4, 3, 'server', 'order'),
    ),
    [{ parent: 'web', child: 'order', callCount: 1 }],
  );
});

test('messages link to the broker where it is named', () => {
  assert.deepEqual(
    links(
      span(1, undefined, 'producer', 'order', { remoteService: 'kafka' }),
      span(2, 1, 'consumer', 'stock', { remoteService: 'kafka' }),
      span(3, 1, 'consumer', 'mail'),
    ),
    [
      { parent: 'order', child: 'kafka', callCount: 1 },
      { parent: 'kafka', child: 'stock', callCount: 1 },
    ],
  );
});

test('a missing hop is filled in: a client whose ancestor is another service', () => {
  assert.deepEqual(
    links(span(1, undefined, 'client', 'web'), span(2, 1, 'client', 'order', { remoteService: 'postgres' })),
    [
      { parent: 'web', child: 'order', callCount: 1 },
      { parent: 'order', child: 'postgres', callCount: 1 },
    ],
  );
});
