import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CacheStore } from '../cache/cache-store.port.ts';
import type { StoredAnswer } from '../cache/stored-answer.ts';

/** A stored answer with a body of a length. */
export function storedAnswer(
  key: string,
  parts: Partial<StoredAnswer> & { readonly bytes?: number } = {},
): StoredAnswer {
  const { bytes = 100, ...others } = parts;
  return {
    key,
    route: 'things.readThing',
    variant: { names: [], values: [] },
    status: 200,
    fields: ['content-type', 'text/plain'],
    body: Buffer.alloc(bytes),
    freshness: {
      bornMs: 0,
      lifetimeMs: 60_000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      isAlwaysValidated: false,
      forbidsStale: false,
    },
    etag: undefined,
    lastModified: undefined,
    ...others,
  };
}

/** What every store of answers does. `open` makes one that keeps `maxBytes` at most. */
export function cacheStoreContract(name: string, open: (maxBytes: number) => CacheStore): void {
  const english = { names: ['accept-language'], values: ['en'] };
  const german = { names: ['accept-language'], values: ['de'] };

  test(`${name} finds what was put under a key, the newest first`, () => {
    const store = open(1_000_000);
    const [first, second] = [storedAnswer('a', { variant: english }), storedAnswer('a', { variant: german })];
    assert.equal(store.put(first), true);
    assert.equal(store.put(second), true);
    store.put(storedAnswer('b'));
    assert.deepEqual(store.find('a'), [second, first]);
    assert.deepEqual(store.find('c'), []);
    assert.equal(store.size.answers, 3);
  });

  test(`${name} keeps one answer of a key, route and variant`, () => {
    const store = open(1_000_000);
    store.put(storedAnswer('a', { variant: english }));
    const newer = storedAnswer('a', { variant: english });
    store.put(newer);
    const elsewhere = storedAnswer('a', { variant: english, route: 'other' });
    store.put(elsewhere);
    assert.deepEqual(store.find('a'), [elsewhere, newer]);
  });

  test(`${name} never keeps more bytes than it may, and forgets what was not used for the longest time`, () => {
    const store = open(10_000);
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((key) => storedAnswer(key, { bytes: 2_500 })) as [
      StoredAnswer,
      StoredAnswer,
      StoredAnswer,
      StoredAnswer,
    ];
    store.put(a);
    store.put(b);
    store.put(c);
    store.touch(a);
    store.put(d);
    assert.deepEqual(store.find('b'), []);
    assert.deepEqual([store.find('a'), store.find('c'), store.find('d')], [[a], [c], [d]]);
    assert.ok(store.size.bytes <= 10_000 && store.size.bytes > 7_500);
  });

  test(`${name} refuses what is larger than all it keeps, and forgets what that would have replaced`, () => {
    const store = open(5_000);
    store.put(storedAnswer('a'));
    assert.equal(store.put(storedAnswer('a', { bytes: 6_000 })), false);
    assert.deepEqual(store.find('a'), []);
    assert.deepEqual(store.size, { answers: 0, bytes: 0 });
  });

  test(`${name} forgets one answer or all of a key, any number of times`, () => {
    const store = open(1_000_000);
    const [first, second] = [storedAnswer('a', { variant: english }), storedAnswer('a', { variant: german })];
    store.put(first);
    store.put(second);
    store.remove(first);
    store.remove(first);
    store.touch(first);
    assert.deepEqual(store.find('a'), [second]);
    store.removeAll('a');
    store.removeAll('a');
    assert.deepEqual(store.size, { answers: 0, bytes: 0 });
  });
}
