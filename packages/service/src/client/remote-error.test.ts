import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDureError } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { contract, get } from '../contract/index.ts';
import { remoteError } from './remote-error.ts';

const { operations } = contract('stock', { read: get('/stock', { access: 'public' }) });
const clock = fakeClock(Date.UTC(2026, 6, 28, 9, 0, 0));

function pauseMs(retryAfter: string | undefined, body: unknown = undefined): unknown {
  const failure = { status: 503, instance: 'stock:1', body, retryAfter, foreign: false };
  const error = remoteError(operations.read, failure, clock);
  return isDureError(error) ? error.details.retryAfterMs : 'a refusal';
}

test('Retry-After is read as seconds and in each of the three forms of a date', () => {
  for (const [field, expected] of [
    ['0', 0],
    ['120', 120_000],
    ['Tue, 28 Jul 2026 09:00:30 GMT', 30_000],
    ['Tuesday, 28-Jul-26 09:00:30 GMT', 30_000],
    ['Tue Jul 28 09:00:30 2026', 30_000],
    ['Tue, 28 Jul 2026 08:59:00 GMT', 0],
  ] as const)
    assert.equal(pauseMs(field), expected, field);
});

test('a Retry-After that is neither is as good as none, and one of an instance that stops is for others', () => {
  for (const field of [undefined, '', 'soon', '1e3', '-1', '2026-07-28T09:00:30Z', 'Tue, 99 Jul 2026 99:00:30 GMT'])
    assert.equal(pauseMs(field), undefined, field);
  const stopping = { status: 503, title: 'stopping', code: 'SERVICE_STOPPING' };
  assert.equal(pauseMs('Tue, 28 Jul 2026 09:00:30 GMT', stopping), undefined);
});
