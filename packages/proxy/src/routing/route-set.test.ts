import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rule } from '../testing/test-rules.ts';
import type { RoutesChanged } from './route-set.ts';
import { RouteSet } from './route-set.ts';

function opened() {
  const routes = new RouteSet(['contracts', 'gateway.ts', 'spring']);
  const events: Omit<RoutesChanged, 'kind'>[] = [];
  routes.subscribe(({ kind: _, ...event }) => events.push(event));
  return { routes, events, ids: () => routes.table.rules.map(({ id }) => id) };
}

test('each part replaces its own routes, and the order of definition is that of the parts', () => {
  const { routes, events, ids } = opened();
  routes.replace('spring', [rule('s1', '/s1'), rule('s2', '/s2')]);
  routes.replace('contracts', [rule('c', '/c')]);
  assert.deepEqual(ids(), ['c', 's1', 's2']);
  const before = routes.table;
  routes.replace('spring', [rule('s0', '/s0'), rule('s2', '/other'), rule('s3', '/s3')]);
  assert.deepEqual(ids(), ['c', 's0', 's2', 's3']);
  assert.deepEqual(
    before.rules.map(({ id }) => id),
    ['c', 's1', 's2'],
  );
  assert.deepEqual(events.at(-1), { part: 'spring', added: ['s0', 's3'], removed: ['s1'], changed: ['s2'] });
});

test('bad rules leave the last good routes, and one error names them all with their sources', () => {
  const { routes, events } = opened();
  routes.replace('contracts', [rule('order.get', '/orders/:id')]);
  const before = routes.table;
  const bad = [
    rule('fine', '/fine'),
    rule('twin', '/orders/{id}'),
    rule('odd', '/odd', { methods: [] }),
    rule('fine', '/x'),
  ];
  assert.throws(() => routes.replace('spring', bad), {
    code: 'GATEWAY_ROUTE_INVALID',
    message: /^3 routes cannot be used: (?=.*twin\.yml:1:1)(?=.*odd\.yml:1:1)(?=.*fine\.yml:1:1)/,
  });
  assert.throws(() => routes.put('spring', rule('twin', '/orders/{id}')), { code: 'GATEWAY_ROUTE_CONFLICT' });
  assert.throws(() => routes.replace('other', []), {
    code: 'GATEWAY_ROUTE_INVALID',
    message: /contracts, gateway\.ts, spring/,
  });
  assert.equal(routes.table, before);
  assert.equal(events.length, 1);
  routes.replace('spring', [rule('fine', '/fine')]);
  assert.equal(routes.table.size, 2);
});

test('a rule that comes back the same stays the rule it was, also when it moves', () => {
  const { routes, events, ids } = opened();
  let line = 0;
  const layer = { name: 'x', text: 'x(1)', layer: <T>(next: T) => next };
  const make = (id: string, text = 'x(1)') => {
    line += 1;
    return rule(id, `/${id}`, {}, { layers: [{ ...layer, text }], source: `line ${line}` });
  };
  const first = [make('a'), make('b'), make('c')];
  routes.replace('gateway.ts', first);
  const before = routes.table;
  routes.replace('gateway.ts', [make('a'), make('b'), make('c')]);
  assert.equal(routes.table, before);
  assert.equal(events.length, 1);
  routes.replace('gateway.ts', [make('c'), make('a'), make('b', 'x(2)')]);
  assert.deepEqual(ids(), ['c', 'a', 'b']);
  assert.deepEqual(
    ['a', 'b', 'c'].map((id) => routes.table.get(id) === before.get(id)),
    [true, false, true],
  );
  assert.deepEqual(events.at(-1), { part: 'gateway.ts', added: [], removed: [], changed: ['b'] });
});

test('one rule is put and removed by itself and keeps its place', () => {
  const { routes, events, ids } = opened();
  routes.replace('spring', [rule('a', '/a'), rule('b', '/b')]);
  routes.put('spring', rule('a', '/a2'));
  routes.put('spring', rule('c', '/c'));
  routes.put('spring', rule('c', '/c'));
  assert.deepEqual(ids(), ['a', 'b', 'c']);
  assert.equal(routes.remove('spring', 'b'), true);
  assert.equal(routes.remove('contracts', 'c'), false);
  assert.deepEqual(ids(), ['a', 'c']);
  assert.deepEqual(
    events.slice(1).map(({ added, changed, removed }) => [added, changed, removed]),
    [
      [[], ['a'], []],
      [['c'], [], []],
      [[], [], ['b']],
    ],
  );
});

test('whoever ends a subscription hears no more', () => {
  const routes = new RouteSet(['contracts']);
  let heard = 0;
  const end = routes.subscribe(() => {
    heard += 1;
  });
  routes.put('contracts', rule('a', '/a'));
  end();
  routes.put('contracts', rule('b', '/b'));
  assert.equal(heard, 1);
});

test('after any replacements the routes stand in the order of their last lists', () => {
  const list = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom('contracts', 'spring'), list), { maxLength: 40 }), (changes) => {
      const { routes, ids } = opened();
      const lists: Record<string, readonly string[]> = { contracts: [], spring: [] };
      for (const [part, names] of changes) {
        const made = names.map((name) => `${part}.${name}`);
        routes.replace(
          part,
          made.map((id) => rule(id, `/${id}`)),
        );
        lists[part] = made;
        assert.deepEqual(ids(), [...(lists.contracts ?? []), ...(lists.spring ?? [])]);
      }
    }),
    { numRuns: 500 },
  );
});

test('without room between two places a part is placed anew', () => {
  const { routes, ids } = opened();
  let names: readonly string[] = ['first', 'last'];
  for (let at = 0; at < 60; at += 1) {
    names = ['first', `n${at}`, ...names.slice(1)];
    routes.replace(
      'contracts',
      names.map((id) => rule(id, `/${id}`)),
    );
  }
  assert.deepEqual(ids(), names);
});
