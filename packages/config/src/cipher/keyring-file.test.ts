import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { keyring } from './keyring.ts';
import { fileKeyring, readKeyring, writeKeyring } from './keyring-file.ts';
import { newKey } from './new-key.ts';

async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-keyring-'));
  try {
    await use(join(folder, 'deep', 'keyring.json'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a keyring is written for its owner only, and read again when it has changed', () =>
  inFolder(async (path) => {
    const source = fileKeyring(path);
    assert.equal(await source(), undefined);
    const first = { current: '1', keys: { 1: newKey() } };
    await writeKeyring(path, first);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(join(path, '..'))).mode & 0o777, 0o700);
    const ring = await source();
    assert.equal(await source(), ring);
    assert.deepEqual(ring?.ids, ['1']);
    const value = keyring(first).encryptValue('text');
    await writeKeyring(path, { current: '2', unnamed: '1', keys: { ...first.keys, 2: newKey() } });
    const later = await source();
    assert.deepEqual([later?.current, later?.decrypt(value)], ['2', 'text']);
    assert.deepEqual(await readdir(join(path, '..')), ['keyring.json']);
    assert.notEqual(newKey().password, newKey().password);
  }));

test('the text of Spring’s `encrypt.key` is a keyring of one key', () =>
  inFolder(async (path) => {
    await writeKeyring(path, { current: '1', keys: { 1: newKey() } });
    await writeFile(path, 's3cret-key\n');
    const ring = await fileKeyring(path)();
    assert.equal(ring?.decrypt('{cipher}0737ed7a8b2bfc9a142174cddddb514778de7d895c813701aa174e875aa0fbd6'), 'mysecret');
  }));

test('a keyring that others can read is refused', () =>
  inFolder(async (path) => {
    await writeKeyring(path, { current: '1', keys: { 1: newKey() } });
    for (const mode of [0o640, 0o604, 0o660]) {
      await chmod(path, mode);
      await assert.rejects(readKeyring(path), (error) => {
        assert.equal(codeOf(error), 'CONFIG_KEYRING_INVALID');
        assert.match(messageOf(error), /keyring\.json can be read by others; .*chmod 600/);
        return true;
      });
    }
  }));

const short = { kind: 'aes', password: 'hunter2' };
const key = { kind: 'aes', password: 'hunter2-hunter2' };
const wrong: readonly (readonly [string, RegExp])[] = [
  ['{', /is no JSON/],
  ['{}', /is no keyring/],
  [JSON.stringify({ current: '1', keys: { 1: short } }), /shorter than 8/],
  ['hunter2', /shorter than 8/],
  [JSON.stringify({ current: '2', keys: { 1: key } }), /names as "current" a key that it does not hold/],
  [JSON.stringify({ current: '1', unnamed: 5, keys: { 1: key } }), /names as "unnamed"/],
  [JSON.stringify({ current: 'constructor', keys: { 1: key } }), /names as "current"/],
  [JSON.stringify({ current: '}', keys: { '}': key } }), /whose id is not made of/],
  [JSON.stringify({ current: '1', keys: { 1: { ...key, salt: 'xyz' } } }), /"salt" is not hexadecimal/],
  [JSON.stringify({ current: '1', keys: { 1: { ...key, strong: 'yes' } } }), /neither true nor false/],
  [JSON.stringify({ current: '1', keys: { 1: { kind: 'jks' } } }), /neither aes nor rsa/],
  [JSON.stringify({ current: '1', keys: { 1: { kind: 'rsa' } } }), /without its "pem"/],
  [
    JSON.stringify({ current: '1', keys: { 1: { kind: 'rsa', pem: 'x', algorithm: 'ECB' } } }),
    /neither DEFAULT nor OAEP/,
  ],
];

for (const [text, reason] of wrong) {
  test(`the keyring ${text} is refused, and not shown`, () =>
    inFolder(async (path) => {
      await writeKeyring(path, { current: '1', keys: { 1: newKey() } });
      await writeFile(path, text);
      await assert.rejects(readKeyring(path), (error) => {
        assert.match(messageOf(error), reason);
        assert.doesNotMatch(`${messageOf(error)} ${JSON.stringify(error)}`, /hunter2/);
        return true;
      });
    }));
}

test('a private key that cannot be read, or is not RSA, is refused when it is used', () => {
  const broken = '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----';
  const ring = keyring({ current: '1', keys: { 1: { kind: 'rsa', pem: broken } } }, 'ring.json');
  assert.throws(
    () => ring.encrypt('x'),
    (error) => codeOf(error) === 'CONFIG_KEYRING_INVALID' && !/hunter2/.test(messageOf(error)),
  );
});
