import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFailure } from './failure.ts';
import { formatAgo, formatDuration, formatMoney, formatRate, formatRatio } from './format.ts';
import { preferenceStore, preferredLanguage } from './preferences.ts';
import { matchPage, queryString } from './router.ts';
import { sharedTexts } from './texts.ts';

test('money is written as the currency wants it', () => {
  assert.equal(formatMoney({ amount: 12_000, currency: 'KRW' }, 'ko'), '₩12,000');
  assert.equal(formatMoney({ amount: 12_000, currency: 'KRW' }, 'en'), '₩12,000');
  assert.equal(formatMoney({ amount: 1_250, currency: 'USD' }, 'en'), '$12.50');
});

test('durations keep three digits and take the unit that fits', () => {
  const written = [0.0423, 0.84, 1, 12.44, 142, 999.6, 1_530, 59_990, 125_000].map(formatDuration);
  assert.deepEqual(written, [
    '42.3 µs',
    '840 µs',
    '1 ms',
    '12.4 ms',
    '142 ms',
    '1 s',
    '1.53 s',
    '1 min 0 s',
    '2 min 5 s',
  ]);
});

test('a small ratio is never shown as zero', () => {
  assert.deepEqual(
    [0, 0.0004, 0.0123, 0.5, 1].map((ratio) => formatRatio(ratio, 'en')),
    ['0%', '<0.1%', '1.2%', '50%', '100%'],
  );
});

test('a rate has the unit in which it is easily read', () => {
  assert.deepEqual(
    [0.0067, 0.5, 20.44, 1234.5].map((rate) => formatRate(rate, 'en')),
    ['0.4/min', '30/min', '20.4/s', '1,234.5/s'],
  );
  assert.equal(formatRate(0.5, 'ko'), '30/분');
});

test('how long ago is said in the reader’s language', () => {
  assert.equal(formatAgo(0, 5_000, 'en'), '5 seconds ago');
  assert.equal(formatAgo(0, 180_000, 'ko'), '3분 전');
});

test('the first language of the browser that we speak wins', () => {
  assert.equal(preferredLanguage(['fr-FR', 'ko-KR', 'en']), 'ko');
  assert.equal(preferredLanguage(['fr']), 'en');
});

test('preferences survive a storage that refuses, and nonsense in it', () => {
  const refusing = {
    getItem: () => '{"language":"xx","theme":7}',
    setItem: () => assert.fail('full'),
  };
  const store = preferenceStore(refusing, ['ko-KR']);
  assert.deepEqual(store.current(), { language: 'ko', theme: 'system' });
  let heard = 0;
  const stop = store.subscribe(() => {
    heard += 1;
  });
  store.change({ theme: 'dark' });
  stop();
  store.change({ theme: 'light' });
  assert.deepEqual([store.current().theme, heard], ['light', 1]);
});

test('a path leads to the first page that fits it whole', () => {
  const routes = [
    { path: '/', page: 'home' },
    { path: '/traces/:traceId', page: 'trace' },
  ];
  assert.deepEqual(matchPage(routes, '/traces/a%20b/'), { page: 'trace', parameters: { traceId: 'a b' } });
  assert.equal(matchPage(routes, '/traces'), undefined);
  assert.equal(matchPage(routes, '/')?.page, 'home');
});

test('a query string leaves out what is not set', () => {
  assert.equal(
    queryString({ service: 'order', text: '', error: false, limit: 5, since: undefined }),
    '?service=order&limit=5',
  );
  assert.equal(queryString({}), '');
});

test('a failure is told in words we have for its code, with its fields and when to try again', () => {
  const problem = { type: 'x', title: 'Invalid', status: 422, detail: 'no', code: 'X_BAD' };
  assert.deepEqual(
    describeFailure({ kind: 'problem', problem, retryAfterSeconds: 3 }, 'ko', { X_BAD: '값이 틀렸습니다' }),
    {
      title: '값이 틀렸습니다',
      detail: '3초 뒤에 다시 시도해 주세요.',
      code: 'X_BAD',
    },
  );
  assert.deepEqual(describeFailure({ kind: 'problem', problem }, 'en'), {
    title: 'Invalid',
    detail: 'no',
    code: 'X_BAD',
  });
  assert.equal(describeFailure({ kind: 'offline' }, 'en').title, sharedTexts.en.offlineTitle);
});

test('both languages have every shared text', () => {
  assert.deepEqual(Object.keys(sharedTexts.ko), Object.keys(sharedTexts.en));
});
