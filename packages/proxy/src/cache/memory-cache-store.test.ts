import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cacheStoreContract, storedAnswer } from '../testing/cache-store-contract.ts';
import { memoryCacheStore } from './memory-cache-store.ts';
import type { StoredAnswer } from './stored-answer.ts';
import { storedBytes } from './stored-answer.ts';

cacheStoreContract('the store in memory', (maxBytes) => memoryCacheStore({ maxBytes }));

test('of one address only so many variants are kept', () => {
  const store = memoryCacheStore({ maxVariants: 3 });
  const answers = Array.from({ length: 5 }, (_, index) =>
    storedAnswer('a', { variant: { names: ['foo'], values: [String(index)] } }),
  );
  for (const answer of answers) store.put(answer);
  assert.deepEqual(store.find('a'), answers.slice(2).reverse());
  assert.equal(store.size.answers, 3);
});

test('whatever is put, used and removed: a list in the order of use, cut off at its length in bytes, keeps the same', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('put' as const), key: fc.constantFrom('a', 'b', 'c', 'd'), bytes: fc.nat(3_000) }),
    fc.record({ do: fc.constantFrom('touch' as const, 'remove' as const), key: fc.constantFrom('a', 'b', 'c', 'd') }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = memoryCacheStore({ maxBytes: 6_000 });
      let model: StoredAnswer[] = [];
      for (const one of steps) {
        const known = model.find(({ key }) => key === one.key);
        const others = model.filter(({ key }) => key !== one.key);
        if (one.do === 'put') {
          const answer = storedAnswer(one.key, { bytes: one.bytes });
          store.put(answer);
          model = [...others, answer];
          while (model.reduce((sum, each) => sum + storedBytes(each), 0) > 6_000) model.shift();
        } else if (known !== undefined) {
          if (one.do === 'touch') store.touch(known);
          else store.remove(known);
          model = one.do === 'touch' ? [...others, known] : others;
        }
        for (const key of ['a', 'b', 'c', 'd'])
          assert.deepEqual(
            store.find(key),
            model.filter((each) => each.key === key),
          );
        assert.equal(
          store.size.bytes,
          model.reduce((sum, each) => sum + storedBytes(each), 0),
        );
      }
    }),
  );
});
