import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { unflatten } from './flatten.ts';
import type { PropertyDocument } from './property.ts';
import { readPropertiesFile } from './read-properties.ts';
import { readYaml } from './read-yaml.ts';

const keysOf = (documents: readonly PropertyDocument[]) =>
  documents.flatMap(({ properties }) => [...properties.keys()]);
const isInvalid = (error: unknown) => codeOf(error) === 'CONFIG_FILE_INVALID';
const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

test('names that mean something to JavaScript are names like others', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
  const yaml = readYaml(names.map((name) => `${name}:\n  polluted: 1\n`).join(''), 'x.yml');
  assert.deepEqual(
    keysOf(yaml),
    names.map((name) => `${name}.polluted`),
  );
  const flat = new Map(keysOf(yaml).map((key) => [key, 1]));
  const tree = JSON.parse(JSON.stringify(unflatten(flat)));
  for (const name of names) assert.deepEqual(Object.getOwnPropertyDescriptor(tree, name)?.value, { polluted: 1 });
  assert.deepEqual(keysOf(readPropertiesFile('__proto__.polluted=1', 'x.properties')), ['__proto__.polluted']);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

const nested: readonly [string, string][] = [
  ['10 000 lists in one line', `a: ${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['10 000 lists that never close', `a: ${'['.repeat(10_000)}`],
  ['10 000 maps in one line', '{a: '.repeat(10_000)],
  ['100 000 lists by dashes', '- '.repeat(100_000)],
  ['3 000 maps by indentation', many(3_000, (index) => `${' '.repeat(index)}a:`)],
];
for (const [name, text] of nested) {
  test(`${name} are refused with the file's name`, () => {
    assert.throws(() => readYaml(text, 'order.yml'), isInvalid);
  });
}

test('one key among many is given twice, and found', () => {
  const text = `${many(20_000, (index) => `key-${index}: ${index}`)}\nkey-7: again\n`;
  assert.throws(() => readYaml(text, 'order.yml'), /^DureError: order\.yml:20001:1: Map keys must be unique/);
});

test('eight times the keys take about eight times the work', () => {
  const workOf = (count: number) => {
    const text = many(count, (index) => `key-${index}: value`);
    const before = process.threadCpuUsage();
    assert.equal(keysOf(readYaml(text, 'x.yml')).length, count);
    const { user, system } = process.threadCpuUsage(before);
    return user + system;
  };
  workOf(2_000); // the first run compiles
  const [few, more] = [workOf(2_000), workOf(16_000)];
  assert.ok(more < few * 8 * 4, `${few} µs for 2 000 keys, ${more} µs for 16 000`);
});

test('a million keys of a properties file are read', () => {
  assert.equal(
    keysOf(
      readPropertiesFile(
        many(1_000_000, (index) => `k${index}=1`),
        'x.properties',
      ),
    ).length,
    1_000_000,
  );
});

test('numbers beyond all measure stay what was written, or infinite', () => {
  const digits = '9'.repeat(10_000);
  const [document] = readYaml(`a: ${digits}\nb: 1e999999\nc: 0x${'f'.repeat(1_000)}\n`, 'x.yml');
  assert.equal(document?.properties.get('a')?.value, digits);
  assert.equal(document?.properties.get('b')?.value, 'Infinity');
  assert.match(String(document?.properties.get('c')?.value), /^\d{1000,}$/);
});

test('keys whose tree would be without measure are refused', () => {
  const refused = (keys: readonly string[]) =>
    assert.throws(
      () => unflatten(new Map(keys.map((key) => [key, 1]))),
      (error) => codeOf(error) === 'CONFIG_KEY_MALFORMED',
    );
  refused([`${'a.'.repeat(100_000)}b`]);
  refused([`a${'[0]'.repeat(100_000)}`]);
  refused(Array.from({ length: 100 }, (_, index) => `a${index}[9999]`));
});
