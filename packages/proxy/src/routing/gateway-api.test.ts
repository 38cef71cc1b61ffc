import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../testing/test-rules.ts';
import { parseHostPattern } from './host-pattern.ts';
import type { RouteMatch, RouteRule } from './route-rule.ts';
import { routeTable } from './route-table.ts';

// The tables of the conformance tests of the Kubernetes Gateway API (kubernetes-sigs/gateway-api, conformance/tests/
// httproute-*.yaml and .go, Apache-2.0), for what routing decides: each rule of a file is one line, its backend the number.

interface Matching {
  readonly exact?: string;
  readonly prefix?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly hosts?: readonly string[];
}

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Table {
  readonly name: string;
  readonly rules: readonly (readonly [backend: number, ...matches: readonly Matching[]])[];
  readonly requests: readonly (readonly [Asked, backend: number | 404])[];
}

const tables: readonly Table[] = [
  {
    name: 'httproute-matching',
    rules: [
      [1, { prefix: '/' }, { headers: { version: 'one' } }],
      [2, { prefix: '/v2' }, { headers: { version: 'two' } }],
    ],
    requests: [
      [{ path: '/' }, 1],
      [{ path: '/example' }, 1],
      [{ path: '/', headers: { version: 'one' } }, 1],
      [{ path: '/v2' }, 2],
      [{ path: '/v2/example' }, 2],
      [{ path: '/', headers: { version: 'two' } }, 2],
      [{ path: '/v2/' }, 2],
      [{ path: '/v2example' }, 1],
      [{ path: '/foo/v2/example' }, 1],
    ],
  },
  {
    name: 'httproute-matching-across-routes',
    rules: [
      [1, { prefix: '/', hosts: ['example.com', 'example.net'] }],
      [1, { headers: { version: 'one' }, hosts: ['example.com', 'example.net'] }],
      [2, { prefix: '/v2', hosts: ['example.com'] }],
      [2, { headers: { version: 'two' }, hosts: ['example.com'] }],
    ],
    requests: [
      [{ host: 'example.com', path: '/' }, 1],
      [{ host: 'example.com', path: '/example' }, 1],
      [{ host: 'example.net', path: '/example' }, 1],
      [{ host: 'example.com', path: '/example', headers: { version: 'one' } }, 1],
      [{ host: 'example.com', path: '/v2' }, 2],
      [{ host: 'example.net', path: '/v2' }, 1],
      [{ host: 'example.com', path: '/v2/example' }, 2],
      [{ host: 'example.com', path: '/', headers: { version: 'two' } }, 2],
    ],
  },
  {
    name: 'httproute-path-match-order',
    rules: [
      [1, { exact: '/match' }],
      [2, { exact: '/match/exact' }],
      [3, { exact: '/match/exact/one' }],
      [3, { prefix: '/match/' }],
      [1, { prefix: '/match/prefix/' }],
      [2, { prefix: '/match/prefix/one' }],
    ],
    requests: [
      [{ path: '/match/exact/one' }, 3],
      [{ path: '/match/exact' }, 2],
      [{ path: '/match' }, 1],
      [{ path: '/match/prefix/one/any' }, 2],
      [{ path: '/match/prefix/any' }, 1],
      [{ path: '/match/any' }, 3],
    ],
  },
  {
    name: 'httproute-exact-path-matching',
    rules: [
      [1, { exact: '/one' }],
      [2, { exact: '/two' }],
    ],
    requests: [
      [{ path: '/one' }, 1],
      [{ path: '/two' }, 2],
      [{ path: '/' }, 404],
      [{ path: '/one/example' }, 404],
      [{ path: '/two/' }, 404],
      [{ path: '/Two' }, 404],
    ],
  },
  {
    name: 'httproute-header-matching',
    rules: [
      [1, { headers: { version: 'one' } }],
      [2, { headers: { version: 'two' } }],
      [1, { headers: { version: 'two', color: 'orange' } }],
      [1, { headers: { color: 'blue' } }, { headers: { color: 'green' } }],
      [2, { headers: { color: 'red' } }, { headers: { color: 'yellow' } }],
    ],
    requests: [
      [{ path: '/', headers: { version: 'one' } }, 1],
      [{ path: '/', headers: { version: 'two' } }, 2],
      [{ path: '/', headers: { version: 'two', color: 'orange' } }, 1],
      [{ path: '/', headers: { version: 'two', color: 'blue' } }, 2],
      [{ path: '/', headers: { color: 'orange' } }, 404],
      [{ path: '/', headers: { 'some-other-header': 'one' } }, 404],
      [{ path: '/', headers: { color: 'blue' } }, 1],
      [{ path: '/', headers: { color: 'green' } }, 1],
      [{ path: '/', headers: { color: 'red' } }, 2],
      [{ path: '/', headers: { color: 'yellow' } }, 2],
      [{ path: '/', headers: { color: 'purple' } }, 404],
    ],
  },
  {
    name: 'httproute-query-param-matching',
    rules: [
      [1, { query: { animal: 'whale' } }],
      [2, { query: { animal: 'dolphin' } }],
      [3, { query: { animal: 'dolphin', color: 'blue' } }, { query: { ANIMAL: 'Whale' } }],
      [1, { prefix: '/path1', query: { animal: 'whale' } }],
      [2, { headers: { version: 'one' }, query: { animal: 'whale' } }],
      [3, { prefix: '/path2', headers: { version: 'two' }, query: { animal: 'whale' } }],
      [
        1,
        { prefix: '/path3', query: { animal: 'shark' } },
        { prefix: '/path4', headers: { version: 'three' }, query: { animal: 'kraken' } },
      ],
      [1, { prefix: '/path5' }],
      [2, { query: { animal: 'hydra' } }],
      [3, { headers: { version: 'four' } }],
    ],
    requests: [
      [{ path: '/?animal=whale' }, 1],
      [{ path: '/?animal=dolphin' }, 2],
      [{ path: '/?animal=dolphin&color=blue' }, 3],
      [{ path: '/?ANIMAL=Whale' }, 3],
      [{ path: '/?animal=whale&otherparam=irrelevant' }, 1],
      [{ path: '/?animal=dolphin&color=yellow' }, 2],
      [{ path: '/?color=blue' }, 404],
      [{ path: '/?animal=dog' }, 404],
      [{ path: '/?animal=whaledolphin' }, 404],
      [{ path: '/' }, 404],
      [{ path: '/path1?animal=whale' }, 1],
      [{ path: '/?animal=whale', headers: { version: 'one' } }, 2],
      [{ path: '/path2?animal=whale', headers: { version: 'two' } }, 3],
      [{ path: '/path3?animal=shark' }, 1],
      [{ path: '/path4?animal=kraken', headers: { version: 'three' } }, 1],
      [{ path: '/?animal=shark' }, 404],
      [{ path: '/path4?animal=kraken' }, 404],
      [{ path: '/path5?animal=hydra' }, 1],
      [{ path: '/?animal=hydra', headers: { version: 'four' } }, 3],
    ],
  },
  {
    // One case is left out on purpose: HEAD is taken by what takes GET (RFC 9110 §9.3.2), where the table has 404.
    name: 'httproute-method-matching',
    rules: [
      [1, { method: 'POST' }],
      [2, { method: 'GET' }],
      [1, { prefix: '/path1', method: 'GET' }],
      [2, { headers: { version: 'one' }, method: 'PUT' }],
      [3, { prefix: '/path2', headers: { version: 'two' }, method: 'POST' }],
      [1, { prefix: '/path3', method: 'PATCH' }, { prefix: '/path4', headers: { version: 'three' }, method: 'DELETE' }],
      [1, { prefix: '/path5' }],
      [2, { method: 'PATCH' }],
      [3, { headers: { version: 'four' } }],
    ],
    requests: [
      [{ method: 'POST', path: '/' }, 1],
      [{ method: 'GET', path: '/' }, 2],
      [{ method: 'GET', path: '/path1' }, 1],
      [{ method: 'PUT', path: '/', headers: { version: 'one' } }, 2],
      [{ method: 'POST', path: '/path2', headers: { version: 'two' } }, 3],
      [{ method: 'PATCH', path: '/path3' }, 1],
      [{ method: 'DELETE', path: '/path4', headers: { version: 'three' } }, 1],
      [{ method: 'PUT', path: '/' }, 404],
      [{ method: 'DELETE', path: '/path4' }, 404],
      [{ method: 'PATCH', path: '/path5' }, 1],
      [{ method: 'PATCH', path: '/', headers: { version: 'four' } }, 2],
    ],
  },
  {
    name: 'httproute-hostname-intersection',
    rules: [
      [1, { prefix: '/s1', hosts: ['very.specific.com'] }],
      [2, { prefix: '/s2', hosts: ['foo.wildcard.io', 'bar.wildcard.io', 'foo.bar.wildcard.io'] }],
      [1, { prefix: '/s4', hosts: ['*.anotherwildcard.io'] }],
    ],
    requests: [
      [{ host: 'very.specific.com', path: '/s1' }, 1],
      [{ host: 'very.specific.com:1234', path: '/s1' }, 1],
      [{ host: 'non.matching.com', path: '/s1' }, 404],
      [{ host: 'foo.wildcard.io', path: '/s1' }, 404],
      [{ host: 'very.specific.com', path: '/non-matching-prefix' }, 404],
      [{ host: 'foo.wildcard.io', path: '/s2' }, 2],
      [{ host: 'foo.bar.wildcard.io', path: '/s2' }, 2],
      [{ host: 'wildcard.io', path: '/s2' }, 404],
      [{ host: 'foo.anotherwildcard.io', path: '/s4' }, 1],
      [{ host: 'foo.bar.anotherwildcard.io', path: '/s4' }, 1],
      [{ host: 'anotherwildcard.io', path: '/s4' }, 404],
    ],
  },
];

for (const { name, rules, requests } of tables) {
  test(`${name} of the Gateway API comes out as its table says`, () => {
    const table = routeTable(rules.flatMap(([backend, ...matches], line) => compiled(backend, matches, line)));
    for (const [{ method = 'GET', path, host = '', headers = {} }, expected] of requests) {
      const [plain = '', query] = path.split('?');
      const header = (field: string) => [headers[field] ?? []].flat();
      const found = table.find({ method, path: plain, query: query === undefined ? '' : `?${query}`, host, header });
      assert.equal(found?.rule.metadata.backend ?? 404, expected, JSON.stringify([method, path, host, headers]));
    }
  });
}

/** A list of alternatives is a route for each; without a path it is the prefix "/". */
function compiled(backend: number, matches: readonly Matching[], line: number): readonly RouteRule[] {
  return matches.map(({ exact, prefix = '/', method, headers, query, hosts }, at) => {
    const match: RouteMatch = {
      ...(method !== undefined && { methods: [method] }),
      ...(headers !== undefined && { headers: equal(headers) }),
      ...(query !== undefined && { queries: equal(query) }),
      // Their wildcard stands for one label or more.
      ...(hosts !== undefined && { hosts: hosts.map((host) => parseHostPattern(host.replace(/^\*/, '**.*'))) }),
    };
    const path = exact ?? `${prefix.replace(/\/$/, '')}/**`;
    return rule(`${line}.${at}`, path, match, { metadata: { backend } });
  });
}

function equal(values: Readonly<Record<string, string>>) {
  return Object.entries(values).map(([name, equals]) => ({ name, equals }));
}
