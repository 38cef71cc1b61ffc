import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Access, AnyContract, HttpOperation, Method } from '@dure/service/contract';
import fc from 'fast-check';
import type { Route } from './route-table.ts';
import { routeTable } from './route-table.ts';

function operation(name: string, method: Method, path: string, access: Access = 'public'): HttpOperation {
  const spec = { access };
  return {
    kind: 'http',
    service: 's',
    name,
    method,
    path,
    spec,
    idempotent: true,
    cost: 1,
    sensitive: [],
    timeoutMs: 1,
  };
}

function contractOf(...operations: readonly HttpOperation[]): AnyContract {
  return {
    name: 's',
    operations: Object.fromEntries(operations.map((one) => [one.name, one])),
    commands: {},
    emits: [],
  };
}

test('a static segment comes before a parameter, whatever the order of declaration', () => {
  const table = routeTable([
    contractOf(
      operation('one', 'GET', '/orders/:id'),
      operation('mine', 'GET', '/orders/mine'),
      operation('list', 'GET', '/orders'),
    ),
  ]);
  const name = (path: string) => table.find('GET', path)?.operation.name;
  assert.deepEqual(['/orders', '/orders/mine', '/orders/7', '/orders/', '/orders/7/', '/', '/orders/7/x'].map(name), [
    'list',
    'mine',
    'one',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('a static branch that leads nowhere is given up for the parameter beside it', () => {
  const table = routeTable([contractOf(operation('a', 'GET', '/x/mine/end'), operation('b', 'GET', '/x/:id/items'))]);
  assert.equal(table.find('GET', '/x/mine/items')?.operation.name, 'b');
});

test('methods are apart: what one method cannot match another may', () => {
  const table = routeTable([contractOf(operation('get', 'GET', '/x/:id'), operation('find', 'POST', '/x/find'))]);
  assert.equal(table.find('GET', '/x/find')?.operation.name, 'get');
  assert.equal(table.find('HEAD', '/x/find')?.operation.name, 'get');
  assert.equal(table.find('DELETE', '/x/find'), undefined);
  assert.deepEqual(table.allowed('/x/find'), ['GET', 'HEAD', 'POST', 'OPTIONS']);
  assert.deepEqual(table.allowed('/y'), []);
});

test('operations for services and scopes are not there', () => {
  const table = routeTable([
    contractOf(
      operation('internal', 'GET', '/a', 'service'),
      operation('scoped', 'GET', '/b', { scope: 'x' }),
      operation('role', 'GET', '/c', { role: 'admin' }),
      operation('user', 'GET', '/d', 'user'),
    ),
  ]);
  assert.deepEqual(
    table.routes.map((route) => route.operation.name),
    ['role', 'user'],
  );
});

test('two operations that cannot be told apart stop the start, and so does one at an address of the gateway', () => {
  const code = 'GATEWAY_ROUTE_CONFLICT';
  const first = contractOf(operation('one', 'GET', '/x/:id'));
  const second = { ...contractOf(operation('two', 'GET', '/x/:name')), name: 't' };
  assert.throws(() => routeTable([first, second]), { code, message: /t\.two and s\.one both answer GET \/x\/:name/ });
  assert.throws(() => routeTable([contractOf(operation('doc', 'GET', '/openapi.json'))], ['/openapi.json']), {
    code,
    message: /s\.doc and the gateway itself/,
  });
});

/** The first differing segment decides: static before parameter. */
function naive(routes: readonly Route[], method: string, path: string): Route | undefined {
  const segments = path.slice(1).split('/');
  const fits = routes.filter((route) => {
    const parts = route.template.slice(1).split('/');
    return (
      route.method === method &&
      parts.length === segments.length &&
      parts.every((part, at) => (part.startsWith(':') ? segments[at] !== '' : part === segments[at]))
    );
  });
  const rank = (route: Route) => route.template.replace(/:[^/]+/g, '\uffff');
  return fits.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}

test('the trie agrees with a naive matcher on any set of routes and any path', () => {
  const segment = fc.constantFrom('a', 'b', 'c', ':p', ':q');
  const template = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  const method = fc.constantFrom<Method>('GET', 'POST');
  const path = fc
    .array(fc.constantFrom('a', 'b', 'c', 'x', ''), { maxLength: 5 })
    .map((parts) => `/${parts.join('/')}`);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(method, template), { maxLength: 25 }),
      fc.array(path, { maxLength: 20 }),
      (made, paths) => {
        const unique = new Map(made.map(([m, t]) => [`${m} ${t.replace(/:[pq]/g, ':')}`, [m, t] as const]));
        const table = routeTable([
          contractOf(...[...unique.values()].map(([m, t], index) => operation(`o${index}`, m, t))),
        ]);
        for (const one of paths) {
          for (const m of ['GET', 'POST']) assert.equal(table.find(m, one), naive(table.routes, m, one), `${m} ${one}`);
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
