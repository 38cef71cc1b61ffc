import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { recentMap } from './recent-map.ts';

test('it never holds more than its limit, answers nothing but what was set last, and keeps what is in use', () => {
  const step = fc.record({
    kind: fc.constantFrom('set', 'get', 'delete'),
    key: fc.nat(12).map(String),
    value: fc.nat(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.array(step, { maxLength: 100 }), (limit, steps) => {
      const map = recentMap<number>(limit);
      const model = new Map<string, number>();
      map.set('in use', -1);
      for (const { kind, key, value } of steps) {
        if (kind === 'set') {
          map.set(key, value);
          model.set(key, value);
          assert.equal(map.get(key), value);
        } else if (kind === 'delete') {
          map.delete(key);
          model.delete(key);
          assert.equal(map.get(key), undefined);
        } else {
          const found = map.get(key);
          if (found !== undefined) assert.equal(found, model.get(key));
        }
        assert.equal(map.get('in use'), -1);
        assert.ok(map.size <= limit);
      }
      map.clear();
      assert.equal(map.size, 0);
    }),
  );
});
