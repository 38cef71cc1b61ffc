import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HashTrie } from './hash-trie.ts';
import { valuesOf, valueUnder, withoutValue, withValue } from './hash-trie.ts';

interface Numbered {
  readonly key: string;
  readonly value: number;
}

// FNV-1a gives both the same 32 bits, so that they share their way to the last level.
const colliding = ['costarring', 'liquid'];

test('the trie is what a Map would be after any changes, and no earlier trie changes', () => {
  const key = fc.oneof(
    fc.constantFrom(...colliding, '', 'a', 'b'),
    fc.integer({ max: 60, min: 0 }).map((n) => `k${n}`),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 120 }), (changes) => {
      let trie: HashTrie<Numbered>;
      const model = new Map<string, number>();
      const past: [trie: HashTrie<Numbered>, model: Map<string, number>][] = [];
      for (const [at, [isAdded, one]] of changes.entries()) {
        trie = isAdded ? withValue(trie, { key: one, value: at }) : withoutValue(trie, one);
        if (isAdded) model.set(one, at);
        else model.delete(one);
        past.push([trie, new Map(model)]);
      }
      for (const [then, expected] of past) {
        const held = [...valuesOf(then)].map(({ key: name, value }) => [name, value] as const);
        assert.deepEqual(new Map(held), expected);
        assert.equal(held.length, expected.size);
        for (const [, name] of changes) assert.equal(valueUnder(then, name)?.value, expected.get(name), name);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a trie that has lost all but one value is that value', () => {
  const one: Numbered = { key: 'one', value: 1 };
  let trie: HashTrie<Numbered> = one;
  for (let value = 0; value < 500; value += 1) trie = withValue(trie, { key: `k${value}`, value });
  for (let value = 0; value < 500; value += 1) trie = withoutValue(trie, `k${value}`);
  assert.equal(trie, one);
  assert.equal(withoutValue(trie, 'one'), undefined);
});
