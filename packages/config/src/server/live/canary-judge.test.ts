import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeCanary } from './canary-judge.ts';

/** What is said of an instance that had 100 requests before, `failedBefore` of them failures. */
function judged(requests: number, failures: number, failedBefore = 0): string | undefined {
  const before = { isUp: true, requests: 100, failures: failedBefore, breakersOpened: 0 };
  const now = { ...before, requests: 100 + requests, failures: failedBefore + failures };
  return judgeCanary({ before, now, downs: 0, isGone: false, isRefused: false });
}

test('of ten requests and more, 5 points more may fail than before', () => {
  assert.equal(judged(20, 1), undefined);
  assert.equal(judged(20, 2), 'failed 2 of 20 requests, 10 % against 0 % before');
  assert.equal(judged(20, 4, 20), undefined, 'as many as ever');
});

test('of two to nine requests half may fail, and one that fails alone says nothing', () => {
  assert.equal(judged(1, 1), undefined);
  assert.equal(judged(3, 1), undefined);
  assert.equal(judged(4, 2), undefined);
  assert.equal(judged(2, 2), 'failed 2 of 2 requests, 100 % against 0 % before');
  assert.equal(judged(3, 3, 60), undefined, 'it fails most of them anyway');
});
