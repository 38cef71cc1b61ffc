// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Spring's placeholders, not JavaScript's
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Property } from '../properties/property.ts';
import { resolvePlaceholders } from './placeholders.ts';
import { textFormat } from './text-formats.ts';

const source = (flat: Record<string, string | number | boolean>) =>
  new Map<string, Property>(Object.entries(flat).map(([key, value]) => [key, { value }]));
const high = source({ 'db.pool': 20, 'hosts[0]': 'c', greeting: 'hi ${who:you}' });
const low = source({
  'db.pool': 5,
  'db.url': 'jdbc',
  'hosts[0]': 'a',
  'hosts[1]': 'b',
  who: 'me',
  'spring.profiles': 'x',
});

test('a properties text keeps the order of first insertion and takes lists whole from the highest', () => {
  assert.equal(
    textFormat([high, low], 'properties', true).text,
    'db.pool: 20\ndb.url: jdbc\nwho: me\ngreeting: hi me\nhosts[0]: c',
  );
});

test('YAML and JSON are the same tree', () => {
  const tree = { db: { pool: 20, url: 'jdbc' }, who: 'me', greeting: 'hi me', hosts: ['c'] };
  assert.deepEqual(JSON.parse(textFormat([high, low], 'json', true).text), tree);
  assert.equal(
    textFormat([high, low], 'yml', true).text,
    'db:\n  pool: 20\n  url: jdbc\nwho: me\ngreeting: hi me\nhosts:\n- c\n',
  );
  assert.equal(JSON.parse(textFormat([high, low], 'json', false).text).greeting, 'hi ${who:you}');
});

test('a file that is no map is given back as it is', () => {
  assert.equal(textFormat([source({ 'document[0]': 1, 'document[1]': 2 })], 'yml', true).text, '- 1\n- 2\n');
});

const values: Readonly<Record<string, string>> = {
  a: '1',
  b: '${a}2',
  key: 'a',
  loop: '${loop}',
  x: '${y}',
  y: '${x}',
};
const placeholders: readonly [string, string][] = [
  ['${a}', '1'],
  ['<${a}${b}>', '<112>'],
  ['${nobody}', '${nobody}'],
  ['${nobody:}', ''],
  ['${nobody:${a}}', '1'],
  ['${${key}}', '1'],
  ['\\${a}', '${a}'],
  ['\\\\${a}', '${a}'],
  ['${a', '${a'],
  ['$a {a}', '$a {a}'],
  ['${loop}', '${loop}'],
  ['${a}{b}', '1{b}'],
  ['${nobody:{"k":[1]}}', '{"k":[1]}'],
  ['${a:{"k":1}}', '1'],
  ['\\${b${a}}', '${b1}'],
  ['${nobody:\\${a}}', '${a}'],
  ['\\\\\\${a}', '\\${a}'],
  ['${open ${a}', '${open 1'],
  ['${}${:d}', '${}d'],
  ['${T(java.lang.Runtime).getRuntime()}', '${T(java.lang.Runtime).getRuntime()}'],
];

for (const [text, expected] of placeholders) {
  test(`the placeholders in ${JSON.stringify(text)} become ${JSON.stringify(expected)}`, () => {
    assert.equal(
      resolvePlaceholders(text, (key) => values[key]),
      expected,
    );
  });
}

test('only in YAML and JSON may a key have spaces around it', () => {
  const spaced = [source({ a: '${ b }', b: 'x', c: '${nobody: y }' })];
  assert.deepEqual(JSON.parse(textFormat(spaced, 'json', true).text), { a: 'x', b: 'x', c: ' y ' });
  assert.equal(textFormat(spaced, 'properties', true).text, 'a: ${ b }\nb: x\nc:  y ');
});

test('a YAML text is written for readers of YAML 1.1, long lines in one', () => {
  const long = 'word '.repeat(40).trim();
  const flat = { a: 'yes', b: '2026-01-02', c: '5', d: 'x\ny', e: long, 'f[0].g': 1, 'f[1].g': '010' };
  assert.equal(
    textFormat([source(flat)], 'yaml', false).text,
    `a: 'yes'\nb: '2026-01-02'\nc: '5'\nd: |-\n  x\n  y\ne: ${long}\nf:\n- g: 1\n- g: '010'\n`,
  );
});

test('a text of braces alone is no burden', () => {
  const text = '${'.repeat(500_000);
  const before = process.threadCpuUsage();
  assert.equal(
    resolvePlaceholders(text, () => undefined),
    text,
  );
  assert.ok(process.threadCpuUsage(before).user < 1_000_000);
});

test('keys that refer to each other end, and quickly', () => {
  assert.match(
    resolvePlaceholders('${x}', (key) => values[key]),
    /\$\{[xy]\}/,
  );
  const bomb = (key: string) => (key.length < 30 ? `\${${key}0}`.repeat(10) : '');
  const start = performance.now();
  resolvePlaceholders('${k}', bomb);
  assert.ok(performance.now() - start < 2_000);
});
