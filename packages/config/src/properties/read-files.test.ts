import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { profileMatches } from './profile-expression.ts';
import type { PropertyDocument } from './property.ts';
import { readPropertiesFile } from './read-properties.ts';
import { readYaml } from './read-yaml.ts';

const valuesOf = (documents: readonly PropertyDocument[]) =>
  documents.map(({ properties }) => Object.fromEntries([...properties].map(([key, { value }]) => [key, value])));

test('YAML is read as version 1.1, as Spring reads it, but dates stay text', () => {
  const text =
    'a: yes\nb: 010\nc: 1:30\nd: 1_000\ne: "yes"\nf: 2026-01-02\ng: ~\nh: 1.5\ni: off\nj: 12345678901234567890\n';
  assert.deepEqual(valuesOf(readYaml(text, 'x.yml')), [
    { a: true, b: 8, c: 90, d: 1000, e: 'yes', f: '2026-01-02', g: '', h: 1.5, i: false, j: '12345678901234567890' },
  ]);
});

test('anchors and merge keys are followed', () => {
  const text = 'base: &b\n  x: 1\n  y: 2\nuse:\n  <<: *b\n  y: 3\nagain: *b\n';
  assert.deepEqual(valuesOf(readYaml(text, 'x.yml')), [
    { 'base.x': 1, 'base.y': 2, 'use.x': 1, 'use.y': 3, 'again.x': 1, 'again.y': 2 },
  ]);
});

test('every value knows its place', () => {
  const [document] = readYaml('db:\n  pool: 5\nhosts:\n  - a\n  - b\n', 'order.yml');
  assert.equal(document?.properties.get('db.pool')?.place, 'order.yml:2:9');
  assert.equal(document?.properties.get('hosts[1]')?.place, 'order.yml:5:5');
});

test('several documents, empty files and comments', () => {
  assert.deepEqual(valuesOf(readYaml('a: 1\n---\nb: 2\n', 'x.yml')), [{ a: 1 }, { b: 2 }]);
  assert.deepEqual(valuesOf(readYaml('', 'x.yml')).flatMap(Object.keys), []);
  assert.deepEqual(valuesOf(readYaml('# nothing\n', 'x.yml')).flatMap(Object.keys), []);
});

const broken: readonly [string, string, RegExp][] = [
  ['a tab', 'a:\n\tb: 1\n', /^order\.yml:2:/],
  ['an open quote', 'a: "x\nb: 1\n', /^order\.yml:/],
  ['the same key twice', 'a: 1\nb: 2\na: 3\n', /^order\.yml:3:1: .*unique/],
  ['an alias to nothing', 'a: *nobody\n', /^order\.yml:1:/],
  ['a bomb of aliases', bomb(), /^order\.yml:1:1: .*alias/i],
];

for (const [name, text, message] of broken) {
  test(`${name} is refused with file, line and column`, () => {
    assert.throws(
      () => readYaml(text, 'order.yml'),
      (error: Error) => {
        assert.equal(codeOf(error), 'CONFIG_FILE_INVALID');
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level += 1) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`);
  }
  return lines.join('\n');
}

test('a properties file has separators, escapes, continued lines and several documents', () => {
  const text = '# note\na=1\nb : two words\nc\\ d = x\\ty\ne = \\u0041\\\n   B\nf\n#---\ng=2\\\\\nh=3\n';
  assert.deepEqual(valuesOf(readPropertiesFile(text, 'x.properties')), [
    { a: '1', b: 'two words', 'c d': 'x\ty', e: 'AB', f: '' },
    { g: '2\\', h: '3' },
  ]);
});

const expressions: readonly [string, boolean][] = [
  ['dev', true],
  ['prod', false],
  ['!prod', true],
  ['dev & cloud', true],
  ['dev & prod', false],
  ['prod | cloud', true],
  ['(prod | dev) & !test', true],
  ['dev & cloud | prod', false],
  ['dev &', false],
  ['(dev', false],
  ['', false],
  ['dev cloud', false],
];

for (const [expression, holds] of expressions) {
  test(`with the profiles dev and cloud "${expression}" ${holds ? 'holds' : 'does not hold'}`, () => {
    assert.equal(profileMatches(expression, new Set(['dev', 'cloud'])), holds);
  });
}

const quoted: readonly (readonly [string, RegExp])[] = [
  ['password: *hunter2', /^a\.yml:1:1: Unresolved alias/],
  ['password: !<hunter2', /^a\.yml:1:\d+: /],
  ['password: "\\hunter2"\nb: [', /^a\.yml:\d+:\d+: /],
  ['password: |hunter2\n x', /^a\.yml:1:\d+: Block scalar header includes extra characters$/],
];
for (const [text, told] of quoted) {
  test(`the error about ${JSON.stringify(text)} quotes nothing of the file: it may be a password`, () => {
    assert.throws(
      () => readYaml(text, 'a.yml'),
      (error: Error) => {
        assert.match(error.message, told);
        assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /hunter/);
        return true;
      },
    );
  });
}
