import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import { exchangeView } from '../testing/exchange-view.ts';
import { explanations } from './explanations.ts';

test('the last requests are remembered with what was decided, and no more of them than stated', () => {
  const explained = explanations(fakeClock(), 3);
  for (const path of ['/1', '/2', '/3', '/4', '/5']) {
    explained.observe(exchangeView({ path, notes: [{ what: 'attempt', text: path, atMs: 1 }] }), 200, 2);
  }
  assert.deepEqual(
    explained.last(2).map(({ path }) => path),
    ['/5', '/4'],
  );
  assert.deepEqual(
    explained.last(9).map(({ notes }) => notes[0]?.text),
    ['/5', '/4', '/3'],
  );
});

test('a request is found by its id, and its caller is named by kind', () => {
  const explained = explanations(fakeClock());
  const view = exchangeView({ path: '/orders', subject: 'ann' });
  explained.observe(view, 403, 1);
  const found = explained.find(view.traceId);
  assert.deepEqual([found?.caller, found?.status, found?.route], ['user ann', 403, 'things.getThing']);
  assert.equal(explained.find('unknown'), undefined);
});
