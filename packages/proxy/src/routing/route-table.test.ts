import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@dure/core';
import { javaExpression } from '../regex/java-expression.ts';
import { rule } from '../testing/test-rules.ts';
import { parseAddressRange } from './address-range.ts';
import { parseHostPattern } from './host-pattern.ts';
import type { RoutedRequest, RouteMatch, RouteRule } from './route-rule.ts';
import type { RouteTable } from './route-table.ts';
import { routeTable } from './route-table.ts';

const get = (id: string, path: string, match: RouteMatch = {}) => rule(id, path, { methods: ['GET'], ...match });

function found(table: RouteTable, request: Partial<RoutedRequest>): string | undefined {
  return table.find({ method: 'GET', path: '/', ...request })?.rule.id;
}

test('a static segment comes before a variable, and one that leads nowhere is given up for the variable beside it', () => {
  const table = routeTable([
    get('one', '/orders/:id'),
    get('mine', '/orders/mine'),
    get('list', '/orders'),
    get('end', '/x/mine/end'),
    get('items', '/x/:id/items'),
    get('rest', '/x/**'),
  ]);
  const paths = {
    '/orders': 'list',
    '/orders/mine': 'mine',
    '/orders/7': 'one',
    '/orders/': undefined,
    '/orders/7/': undefined,
    '/': undefined,
    '/x/mine/items': 'items',
    '/x/mine/end': 'end',
    '/x/mine/other': 'rest',
    '/x': 'rest',
  };
  for (const [path, id] of Object.entries(paths)) assert.equal(found(table, { path }), id, path);
});

test('methods are apart: what one method cannot match another may, and HEAD is taken by what takes GET', () => {
  const table = routeTable([
    get('get', '/x/:id'),
    rule('find', '/x/find', { methods: ['POST'] }),
    rule('head', '/y', { methods: ['HEAD'] }),
    get('read', '/y'),
  ]);
  assert.equal(found(table, { path: '/x/find' }), 'get');
  assert.equal(found(table, { path: '/x/find', method: 'HEAD' }), 'get');
  assert.equal(found(table, { path: '/x/find', method: 'DELETE' }), undefined);
  assert.equal(found(table, { path: '/y', method: 'HEAD' }), 'head');
  assert.deepEqual(table.allowed({ path: '/x/find' }), ['GET', 'HEAD', 'POST', 'OPTIONS']);
  assert.deepEqual(table.allowed({ path: '/z' }), []);
});

test('the methods that are allowed are those of routes that would take the request otherwise', () => {
  const table = routeTable([
    get('open', '/a'),
    rule('hosted', '/a', { methods: ['DELETE', 'OPTIONS'], hosts: [parseHostPattern('admin.example')] }),
    rule('any', '/b'),
  ]);
  assert.deepEqual(table.allowed({ path: '/a', host: 'shop.example' }), ['GET', 'HEAD', 'OPTIONS']);
  assert.deepEqual(table.allowed({ path: '/a', host: 'admin.example' }), ['GET', 'HEAD', 'DELETE', 'OPTIONS']);
  assert.equal(table.allowed({ path: '/b' }).includes('PATCH'), true);
});

test('a lower order comes before a more specific path, and a later route only where it is more specific', () => {
  const table = routeTable([
    get('deep', '/a/b/c'),
    rule('first', '/a/**', {}, { order: -1 }),
    rule('middle', '/a/{x}/**', {}, { order: 1 }),
    rule('last', '/**', {}, { order: 2 }),
  ]);
  assert.equal(found(table, { path: '/a/b/c' }), 'first');
  const without = table.without('first');
  assert.equal(found(without, { path: '/a/b/c' }), 'deep');
  assert.equal(found(without.without('deep'), { path: '/a/b/c' }), 'middle');
  assert.equal(found(without, { path: '/b' }), 'last');
});

test('every condition must hold, and of two routes for one path the one with more conditions comes first', () => {
  const conditions: readonly (readonly [
    RouteMatch,
    fit: Partial<RoutedRequest>,
    others: readonly Partial<RoutedRequest>[],
  ])[] = [
    [{ after: 10, before: 20 }, { nowMs: 15 }, [{ nowMs: 10 }, { nowMs: 20 }, {}]],
    [{ headers: [{ name: 'X-Beta' }] }, headers({ 'x-beta': ['', 'x'] }), [{}, headers({})]],
    [
      { headers: [{ name: 'v', matches: javaExpression('[0-9]+') }] },
      headers({ v: ['a', '12'] }),
      [headers({ v: ['1a'] }), headers({})],
    ],
    [
      { queries: [{ name: 'a' }, { name: 'b', equals: 'x y' }] },
      { query: '?b=&b=x+y&a' },
      [{ query: '?a=1' }, { query: '' }, {}],
    ],
    [
      { cookies: [{ name: 'c', matches: javaExpression('b.*') }] },
      { cookie: 'x=1; c="beta"' },
      [{ cookie: 'c=alpha; C=b' }, {}],
    ],
    [{ remoteAddresses: [parseAddressRange('10.0.0.0/8')] }, { address: '10.1.2.3' }, [{ address: '11.1.2.3' }, {}]],
    [{ hosts: [parseHostPattern('a.example')] }, { host: 'A.example:1' }, [{ host: 'b.example' }, {}]],
    [{ hosts: [parseHostPattern('a.example:8080')] }, { host: 'a.example:8080' }, [{ host: 'a.example' }, {}]],
  ];
  for (const [match, fit, others] of conditions) {
    const table = routeTable([get('plain', '/'), get('special', '/', match)]);
    assert.equal(found(table, fit), 'special', JSON.stringify(match));
    for (const other of others) assert.equal(found(table, other), 'plain', JSON.stringify([match, other]));
  }
});

function headers(values: Readonly<Record<string, readonly string[]>>): Partial<RoutedRequest> {
  return { header: (name) => values[name] ?? [] };
}

test('an exact host comes before a pattern, the longer pattern before the shorter, and both before none', () => {
  const hosts = (host: string): RouteMatch => ({ hosts: [parseHostPattern(host)] });
  const table = routeTable([
    get('none', '/a'),
    get('wide', '/a', hosts('**.example')),
    get('narrow', '/a', hosts('*.shop.example')),
    get('exact', '/a', hosts('x.shop.example')),
    get('two', '/a', { hosts: [parseHostPattern('{tenant}.two'), parseHostPattern('two')] }),
  ]);
  const expected = {
    'x.shop.example': 'exact',
    'y.shop.example': 'narrow',
    'b.example': 'wide',
    'a.two': 'two',
    two: 'two',
    b: 'none',
  };
  for (const [host, id] of Object.entries(expected)) assert.equal(found(table, { path: '/a', host }), id, host);
});

test('variables come from path and host, and those of the path win', () => {
  const hosts = [parseHostPattern('{tenant}.{id}.example')];
  const table = routeTable([get('one', '/a/{id}/{*rest}', { hosts })]);
  const match = table.find({ method: 'GET', path: '/a/7/b/c', host: 'acme.x.example' });
  assert.deepEqual(match?.variables, { tenant: 'acme', id: '7', rest: '/b/c' });
});

test('routes that cannot be told apart are refused, with both sources', () => {
  const code = 'GATEWAY_ROUTE_CONFLICT';
  const pairs: readonly (readonly [RouteRule, RouteRule])[] = [
    [get('a', '/x/:id'), get('b', '/x/{name}')],
    [get('a', '/x/**'), get('b', '/x/{*rest}')],
    [rule('a', '/x'), rule('b', '/x')],
    [get('a', '/x', { headers: [{ name: 'h' }] }), get('b', '/x', { headers: [{ name: 'h' }] })],
    [get('a', '/x'), get('a', '/y')],
  ];
  for (const pair of pairs) {
    assert.throws(() => routeTable(pair), { code, message: /[ab] \(b?a?\.yml:1:1\) and a \(a\.yml:1:1\)/ });
  }
  const apart: readonly (readonly [RouteRule, RouteRule])[] = [
    [get('a', '/x'), rule('b', '/x', { methods: ['POST'] })],
    [get('a', '/x'), rule('b', '/x')],
    [get('a', '/x'), { ...get('b', '/x'), order: 1 }],
    [get('a', '/x', { headers: [{ name: 'h' }] }), get('b', '/x', { headers: [{ name: 'g' }] })],
    [get('a', '/x', { weight: { group: 'g', weight: 1 } }), get('b', '/x', { weight: { group: 'g', weight: 1 } })],
    [get('a', '/x/{id:[0-9]+}'), get('b', '/x/{id}')],
  ];
  for (const pair of apart) assert.doesNotThrow(() => routeTable(pair));
});

test('one error names every rule that cannot be used, with its source', () => {
  const bad: readonly RouteRule[] = [
    rule('empty-hosts', '/a', { hosts: [] }),
    rule('odd-method', '/b', { methods: ['get'] }),
    rule('window', '/c', { after: 2, before: 1 }),
    rule('weight', '/d', { weight: { group: 'g', weight: -1 } }),
    rule('address', '/e', {}, { to: { kind: 'url', url: 'ftp://x' } }),
    rule('nowhere', '/f', {}, { to: { kind: 'none' } }),
    rule('timeout', '/g', {}, { timeoutMs: 0 }),
    rule('order', '/h', {}, { order: Number.NaN }),
    rule('nameless', '/i', { headers: [{ name: '' }] }),
    JSON.parse(
      JSON.stringify(rule('policy', '/j', {}, { access: 'public' })).replace('"access":"public",', ''),
    ) as RouteRule,
  ];
  assert.throws(
    () => routeTable([get('good', '/'), ...bad]),
    (error: { readonly code: string; readonly message: string }) => {
      assert.equal(error.code, 'GATEWAY_ROUTE_INVALID');
      for (const { source, id } of bad) assert.ok(error.message.includes(`${source}: the route "${id}"`), id);
      assert.match(error.message, /^10 routes cannot be used.*has no access policy/);
      return true;
    },
  );
});

test('a table does not change when another is made of it', () => {
  const before = routeTable([get('a', '/a'), get('b', '/a/b')]);
  const after = before.without('a').with(get('c', '/a/{x}'));
  assert.deepEqual([found(before, { path: '/a' }), found(before, { path: '/a/z' }), before.size], ['a', undefined, 2]);
  assert.deepEqual([found(after, { path: '/a' }), found(after, { path: '/a/z' }), after.size], [undefined, 'c', 2]);
  assert.deepEqual(
    after.rules.map(({ id }) => id),
    ['b', 'c'],
  );
  assert.equal(after.get('c')?.id, 'c');
  assert.equal(after.without('unknown'), after);
});

test('weights share requests in proportion, the same draw always chooses the same, and other routes do not matter', () => {
  const member = (id: string, weight: number) => get(id, '/w', { weight: { group: 'canary', weight } });
  const table = routeTable([member('new', 5), member('old', 95), member('off', 0)], { random: seededRandom(7) });
  const counts = { new: 0, old: 0, off: 0 };
  for (let time = 0; time < 100_000; time += 1) counts[found(table, { path: '/w' }) as keyof typeof counts] += 1;
  // Four standard deviations of a binomial distribution.
  assert.ok(Math.abs(counts.new - 5_000) < 4 * Math.sqrt(100_000 * 0.05 * 0.95), JSON.stringify(counts));
  assert.equal(counts.off, 0);
  const other = table.with(get('another', '/z')).without('new').with(member('new', 5));
  const more = table.without('new').with(member('new', 20));
  for (let at = 0; at < 1_000; at += 1) {
    const draw = at / 1_000;
    const chosen = found(table, { path: '/w', draw });
    assert.equal(found(other, { path: '/w', draw }), chosen);
    if (chosen === 'new') assert.equal(found(more, { path: '/w', draw }), 'new');
  }
  assert.equal(found(routeTable([member('none', 0)]), { path: '/w' }), undefined);
});

test('a path with parameters leads somewhere only if servers that strip them and servers that do not agree', () => {
  const table = routeTable([
    get('admin', '/admin/**'),
    get('item', '/items/:id'),
    get('public', '/public/{*rest}'),
    get('site', '/**'),
  ]);
  const expected = {
    '/admin;x=1/users': undefined,
    '/admin/users;x': 'admin',
    '/items/7;v=1': 'item',
    '/items;x/7': undefined,
    '/public;/../x': undefined,
    '/other;x/y;z': 'site',
    '/admin%3Bx/users': 'site',
    '/%61dmin': 'site',
  };
  for (const [path, id] of Object.entries(expected)) assert.equal(found(table, { path }), id, path);
  assert.deepEqual(table.find({ method: 'GET', path: '/items/7;v=1' })?.variables, { id: '7;v=1' });
  assert.deepEqual(table.allowed({ path: '/admin;x=1/users' }), []);
});

test('characters that need no encoding match in both spellings, for servers decode both', () => {
  const table = routeTable([get('deny', '/a,b:c/**'), get('site', '/**'), get('korean', '/김치/{name}')]);
  for (const path of ['/a,b:c/x', '/a%2Cb:c/x', '/a%2Cb%3Ac']) assert.equal(found(table, { path }), 'deny', path);
  const match = table.find({ method: 'GET', path: '/%EA%B9%80%EC%B9%98/%EB%B0%B0%2Cx' });
  assert.deepEqual([match?.rule.id, match?.variables], ['korean', { name: '배,x' }]);
});

test('a route without paths takes every path, behind all that name one', () => {
  const table = routeTable([{ ...rule('any', '/'), match: {} }, get('a', '/a'), get('r', '/r/**')]);
  for (const [path, id] of [
    ['/a', 'a'],
    ['/r/x', 'r'],
    ['/', 'any'],
    ['/b/c', 'any'],
  ] as const) {
    assert.equal(found(table, { path }), id, path);
  }
});
