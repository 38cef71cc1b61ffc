import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyring } from './keyring.ts';
import type { KeyringData } from './keyring-data.ts';
import { newKey, rotated, withNextKey, withoutOldKeys } from './new-key.ts';
import { rewriteEncrypted } from './rewrite-encrypted.ts';
import { rotateFolder } from './rotate-folder.ts';

const first: KeyringData = { current: '1', keys: { 1: { kind: 'aes', password: 's3cret-key' } } };
const before = keyring(first);
const second = withNextKey(first);
const after = keyring(second);
const one = before.encryptValue('one');
const two = before.encryptValue('two');

/** The texts between which a file's lines differ, decrypted by the rotated keyring. */
function decryptedLines(text: string): readonly string[] {
  return text.split('\n').map((line) => line.replace(/\{cipher\}[^'"\s]*/g, (value) => `<${after.decrypt(value)}>`));
}

const yaml = `# ${one} in a comment stays
db:   # odd spacing
    password:    '${one}'      # trailing
    "token" : "${two}"
list:
- '${one}'
- plain
block: |-
  ${two}
anchored: &a '${one}'
again: *a
---
spring.config.activate.on-profile: dev
other: 'not {cipher}00'\r
last: '${two}'`;

test('ciphertexts are replaced where they stand, all else stays byte for byte', async () => {
  const { text, changed, stuck } = await rewriteEncrypted(yaml, 'order.yml', after);
  assert.deepEqual(stuck, []);
  assert.deepEqual(
    changed.map(({ place, key }) => `${place} ${key}`),
    [
      'order.yml:3:18 db.password',
      'order.yml:4:15 db.token',
      'order.yml:6:3 list[0]',
      'order.yml:8:8 block',
      'order.yml:10:14 anchored',
      'order.yml:11:8 again',
      'order.yml:15:7 last',
    ],
  );
  assert.ok(text.startsWith(`# ${one} in a comment stays\n`));
  const values = [
    ...text
      .split('\n')
      .slice(1)
      .join('\n')
      .matchAll(/\{cipher\}\{key:2\}[0-9a-f]+/g),
  ].map(([value]) => value);
  assert.deepEqual(
    values.map((value) => after.decrypt(value)),
    ['one', 'two', 'one', 'two', 'one', 'two'],
  );
  let index = 0;
  const restored = text.replace(/\{cipher\}\{key:2\}[0-9a-f]+/g, () => [one, two, one, two, one, two][index++] ?? '');
  assert.equal(restored, yaml);
  assert.deepEqual(await rewriteEncrypted(text, 'order.yml', after), { text, changed: [], stuck: [] });
});

const properties = `# ${one}
db.password=${one}
db.token : ${two.replace('{cipher}', '\\{cipher\\}')}
long = ${one.slice(0, 20)}\\
       ${one.slice(20)}
#---
plain=x
`;

test('properties files with escapes and continued lines are rewritten', async () => {
  const { text, changed, stuck } = await rewriteEncrypted(properties, 'order.properties', after);
  assert.deepEqual(stuck, []);
  assert.deepEqual(
    changed.map(({ place }) => place),
    ['order.properties:2:1', 'order.properties:3:1', 'order.properties:4:1'],
  );
  const expected = [`# <one>`, 'db.password=<one>', 'db.token : <two>', 'long = <one>', '#---', 'plain=x', ''];
  assert.deepEqual(decryptedLines(text), expected);
});

test('what no key decrypts, or cannot be rewritten in place, stays and is told with its place', async () => {
  const odd = `a: '{cipher}{key:gone}00'\nb: '${one}'\n`;
  const { text, changed, stuck } = await rewriteEncrypted(odd, 'order.yml', after);
  assert.deepEqual(changed, [{ place: 'order.yml:2:4', key: 'b' }]);
  assert.ok(text.startsWith(`a: '{cipher}{key:gone}00'\n`));
  assert.match(stuck[0]?.why ?? '', /"gone"/);
  const escaped = `b: "\\x7bcipher}${one.slice('{cipher}'.length)}"\n`;
  const kept = await rewriteEncrypted(escaped, 'order.yml', after);
  assert.deepEqual([kept.text, kept.changed], [escaped, []]);
  assert.match(kept.stuck[0]?.why ?? '', /write it on one line/);
});

test('whatever a file of values holds, only ciphertexts change, and they decrypt to the same', async () => {
  const key = fc.stringMatching(/^[a-z]{1,6}$/);
  const value = fc.oneof(fc.constantFrom(`'${one}'`, `"${two}"`, "'x'", '5', 'yes'), fc.constant(`'${one}' # ${two}`));
  const line = fc.tuple(fc.constantFrom('', '# note\n', '\n'), fc.constantFrom(' ', '   '), value);
  await fc.assert(
    fc.asyncProperty(fc.dictionary(key, line, { noNullPrototype: true }), async (entries) => {
      const text = Object.entries(entries)
        .map(([name, [head, space, written]]) => `${head}${name}:${space}${written}\n`)
        .join('');
      const rewritten = await rewriteEncrypted(text, 'a.yml', after);
      assert.deepEqual(rewritten.stuck, []);
      assert.deepEqual(decryptedLines(rewritten.text), decryptedLines(text));
    }),
    { numRuns: 100 },
  );
});

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-rotate-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a folder is rotated whole, label folders too; a rotation that broke off goes on with the same key', () =>
  inFolder(async (folder) => {
    await mkdir(join(folder, 'feature'));
    await mkdir(join(folder, '.git'));
    await writeFile(join(folder, 'order.yml'), yaml);
    await writeFile(join(folder, 'feature', 'order.properties'), properties, { mode: 0o640 });
    await chmod(join(folder, 'feature', 'order.properties'), 0o640);
    await writeFile(join(folder, 'broken.yml'), `a: '${one}'\n b: [\n`);
    await writeFile(join(folder, '.git', 'a.yml'), `a: '${one}'\n`);
    await writeFile(join(folder, 'nginx.conf'), one);
    await symlink(join(folder, '.git', 'a.yml'), join(folder, 'link.yml'));

    const dry = await rotateFolder({ folder, keyring: after, writes: false });
    assert.deepEqual([dry.changed.length, await readFile(join(folder, 'order.yml'), 'utf8')], [10, yaml]);
    assert.match(dry.stuck[0]?.place ?? '', /^broken\.yml:\d+:\d+$/);

    // It breaks off after the first file.
    const { text } = await rewriteEncrypted(yaml, 'order.yml', after);
    await writeFile(join(folder, 'order.yml'), text);
    assert.equal(withNextKey(second), second);
    const rest = await rotateFolder({ folder, keyring: keyring(withNextKey(second)), writes: true });
    assert.deepEqual(
      rest.changed.map(({ place }) => place.split(':')[0]),
      Array(3).fill('feature/order.properties'),
    );
    assert.equal(await readFile(join(folder, 'order.yml'), 'utf8'), text);
    assert.equal((await stat(join(folder, 'feature', 'order.properties'))).mode & 0o777, 0o640);
    assert.equal(await readFile(join(folder, '.git', 'a.yml'), 'utf8'), `a: '${one}'\n`);
    assert.deepEqual((await rotateFolder({ folder, keyring: after, writes: true })).changed, []);
    assert.deepEqual((await readdir(folder)).sort(), [
      '.git',
      'broken.yml',
      'feature',
      'link.yml',
      'nginx.conf',
      'order.yml',
    ]);
  }));

test('the next key is like the one before, and old ones go at the end', () => {
  assert.deepEqual([second.current, second.unnamed, second.isRotating], ['2', '1', true]);
  assert.equal(after.encryptValue('x').startsWith('{cipher}{key:2}'), true);
  const ended = rotated(second);
  assert.equal(ended.isRotating, undefined);
  const third = withNextKey({ ...ended, keys: { ...ended.keys, old: newKey() } });
  assert.deepEqual([third.current, third.unnamed], ['4', '1']);
  const left = keyring(withoutOldKeys(rotated(third)));
  assert.deepEqual(left.ids, ['4']);
  assert.throws(() => left.decrypt(after.encryptValue('x')), /"2"/);
  const strong = withNextKey({ current: 'a', keys: { a: newKey() } });
  assert.equal(strong.keys[strong.current]?.strong, true);
  assert.equal(second.keys['2']?.strong, undefined);
});
