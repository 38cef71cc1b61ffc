import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigSourceResource } from '@dure/config/client';
import { codeOf, messageOf } from '@dure/core';
import type { ConfigPlace } from './config-place.ts';
import { git, postgres, resolveConfig } from './config-place.ts';
import type { ConfigSettings } from './system.ts';
import { edge, system } from './system.ts';

const made = (config: ConfigPlace | readonly ConfigPlace[] | ConfigSettings) =>
  system('shop', { services: {}, edge: edge({ expose: [] }), config });
const objects: ConfigSourceResource = {
  kind: 'kubernetes',
  open: async () => ({ source: { load: async () => ({ layers: [], warnings: [] }) } }),
};

test('a table is a place like a folder and a repository; sources stand beside places, or alone', () => {
  const table = postgres({ urlFile: './table.url', refreshMs: 500 });
  assert.deepEqual(made([table, './config']).config, [table, './config']);
  assert.deepEqual(resolveConfig('/srv/shop', [table]), [{ ...table, urlFile: '/srv/shop/table.url' }]);
  const alone = made({ sources: [objects] });
  assert.deepEqual([alone.config, alone.configSources], [[], [objects]]);
  assert.deepEqual(made('./config').configSources, []);
});

test('what is no place is refused with what it is, what is expected and where it belongs', () => {
  const refusals: readonly [place: unknown, expected: RegExp][] = [
    ['', /the configuration of the system "shop" is "", which names no folder; write "\.\/config"/],
    [{ kind: 'postgres' }, /whose database nobody knows; write its address to a file of mode 0600 .*`urlFile`/],
    [
      ['./config', objects],
      /place 2 of .*is "kubernetes", which each service reads for itself; name it in `config: \{ sources/,
    ],
    [
      { name: 'postgres', find: () => undefined },
      /is a backend that is open already; expected a folder, .*configService/,
    ],
    [
      [git({ url: './x.git' }), { kind: 'vault' }],
      /place 2 .*is \{"kind":"vault"\}; expected a folder, git\(\{ url \}\) or postgres/,
    ],
    [7, /is 7; expected a folder/],
  ];
  for (const [place, expected] of refusals)
    assert.throws(
      () => made(place as ConfigPlace),
      (error) => codeOf(error) === 'DURE_SYSTEM_INVALID' && expected.test(messageOf(error)),
      String(expected),
    );
});
