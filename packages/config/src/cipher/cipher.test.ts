import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeOf, messageOf, seededRandom } from '@dure/core';
import fc from 'fast-check';
import { aesCipher } from './aes-cipher.ts';
import { isEncrypted, readEncrypted } from './encrypted-value.ts';
import { keyring } from './keyring.ts';
import type { KeyringData, KeySpec } from './keyring-data.ts';
import { newKey } from './new-key.ts';

interface Vectors {
  readonly keys: readonly KeySpec[];
  readonly texts: readonly string[];
  readonly spring: readonly (readonly [key: number, text: number, encrypted: string])[];
  readonly dure: Vectors['spring'];
  readonly prefixes: readonly (readonly [
    string,
    { readonly keys: Record<string, string>; readonly payload: string },
  ])[];
  readonly publicKeys: readonly (readonly [pem: string, publicKey: string])[];
}

const vectors = JSON.parse(readFileSync(new URL('./cipher-vectors.json', import.meta.url), 'utf8')) as Vectors;
const ringOf = (key: KeySpec) => keyring({ current: 'k', keys: { k: key } });

for (const by of ['spring', 'dure'] as const) {
  test(`what ${by} encrypted is decrypted, in every form that Spring has`, () => {
    const rings = vectors.keys.map(ringOf);
    assert.ok(vectors[by].length >= 80);
    for (const [key, text, encrypted] of vectors[by])
      assert.equal(rings[key]?.decrypt(`{cipher}${encrypted}`), vectors.texts[text]);
  });
}

test('a password and an IV give the bytes that Spring’s encryptors give', () => {
  const random = () => Uint8Array.from({ length: 16 }, (_, index) => index);
  const known = {
    cbc: '000102030405060708090a0b0c0d0e0f803112522e2cfc4dfabf5ec864b82be3',
    gcm: '000102030405060708090a0b0c0d0e0fe0d19335b4499cbac18cee8e9b7c72fed523c8e261f11bd1',
  };
  assert.equal(aesCipher({ password: 's3cret-key', random }).encrypt('mysecret'), known.cbc);
  assert.equal(aesCipher({ password: 's3cret-key', isStrong: true, random }).encrypt('mysecret'), known.gcm);
});

test('prefixes are read as Spring’s config server reads them', () => {
  // Spring takes a mark for a name without a value, and loses what follows `{name:…}`.
  const unlike = ['{foo}x', '{cipher}{key:a}AQB=', '{name:n}{profiles:p}{key:z}q'];
  for (const [text, { keys, payload }] of vectors.prefixes.filter(([text]) => !unlike.includes(text))) {
    const read = readEncrypted(text);
    assert.equal(read.payload, payload, text);
    assert.equal(read.keyId, keys.key, text);
  }
  assert.deepEqual(readEncrypted('{cipher}{key:a}AQB='), { prefix: '{key:a}', keyId: 'a', payload: 'AQB=' });
  assert.deepEqual([isEncrypted('{cipher}x'), isEncrypted(' {cipher}x'), isEncrypted(5)], [true, false, false]);
});

test('the public key is written as Spring writes it; a password has none', () => {
  for (const [pem, publicKey] of vectors.publicKeys) assert.equal(ringOf({ kind: 'rsa', pem }).publicKey(), publicKey);
  assert.equal(ringOf({ kind: 'aes', password: 's3cret-key' }).publicKey(), undefined);
});

const two: KeyringData = {
  current: 'new',
  unnamed: 'old',
  keys: { old: { kind: 'aes', password: 'old-s3cret' }, new: newKey() },
};

test('the current key encrypts and is named, all keys decrypt', () => {
  const ring = keyring(two);
  const old = ringOf({ kind: 'aes', password: 'old-s3cret' }).encryptValue('text');
  assert.match(old, /^\{cipher\}[0-9a-f]+$/);
  assert.equal(ring.decrypt(old), 'text');
  const value = ring.encryptValue('{key:old}text');
  assert.match(value, /^\{cipher\}\{key:new\}[0-9a-f]+$/);
  assert.equal(ring.decrypt(value), '{key:old}text');
  assert.deepEqual([ring.isCurrent(value), ring.isCurrent(old)], [true, false]);
  assert.match(ring.encrypt('{key:old}{secret:x}{plain}{text}'), /^\{key:old\}\{secret:x\}[0-9a-f]+$/);
  assert.equal(ring.decrypt(ring.encrypt('{key:old}{secret:x}{plain}{text}')), '{text}');
  assert.equal(ring.decrypt(ring.encrypt('text')), 'text');
});

test('a key that is not there is named; what is there is not tried in its place', () => {
  assert.throws(
    () => keyring(two).decrypt('{cipher}{key:gone}c0ffee'),
    (error) => {
      assert.equal(codeOf(error), 'CONFIG_KEY_MISSING');
      assert.match(messageOf(error), /"gone"; the keyring has old, new/);
      assert.doesNotMatch(messageOf(error), /c0ffee/);
      return true;
    },
  );
  const { unnamed: _, ...nameless } = two;
  assert.throws(() => keyring(nameless).decrypt('{cipher}c0ffee'), /values that name no key/);
  assert.throws(() => keyring(two).decrypt('{cipher}{key:constructor}c0ffee'), /there is no key/);
});

const kinds = vectors.keys.filter((key) => key.kind === 'aes' || key.pem === vectors.publicKeys[1]?.[0]);

test('any text comes back from any kind of key, and no two encryptions are alike', () => {
  const rings = kinds.map(ringOf);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.constantFrom(...rings), (text, ring) => {
      const whole = text.toWellFormed();
      const value = ring.encryptValue(whole);
      assert.equal(ring.decrypt(value), whole);
      assert.notEqual(ring.encryptValue(whole), value);
    }),
    { numRuns: 300 },
  );
});

/** What somebody learns who asks for a text to be decrypted. */
function learnt(ring: ReturnType<typeof keyring>, text: string): string {
  try {
    ring.decrypt(text);
    return 'decrypted';
  } catch (error) {
    return JSON.stringify([codeOf(error), messageOf(error), (error as Error).cause ?? null]);
  }
}

test('whatever is wrong with a text, the error is the same to the letter', () => {
  for (const key of kinds) {
    const ring = ringOf(key);
    const right = ring.encryptValue('some text').slice('{cipher}'.length);
    const shape = learnt(ring, 'zz');
    assert.match(shape, /CONFIG_CIPHER_UNREADABLE/);
    const garbage = fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('hex')),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.nat(right.length).map((length) => right.slice(0, length)),
      fc.nat(right.length).map((at) => `${right.slice(0, at)}0${right.slice(at)}`),
    );
    fc.assert(
      fc.property(garbage, (text) => {
        const answer = learnt(ring, `{plain}${text}`);
        assert.ok(answer === shape || answer === 'decrypted', answer);
      }),
      { numRuns: 150 },
    );
  }
});

test('in the strong forms no changed bit goes unseen', () => {
  for (const key of kinds.filter(({ strong }) => strong === true)) {
    const ring = ringOf(key);
    const encoding = key.kind === 'aes' ? 'hex' : 'base64';
    const right = Buffer.from(ring.encryptValue('some text').slice('{cipher}'.length), encoding);
    const seeded = seededRandom(7);
    const bits =
      key.kind === 'aes'
        ? Array.from({ length: right.length * 8 }, (_, bit) => bit)
        : Array.from({ length: 300 }, () => Math.floor(seeded.next() * right.length * 8));
    const shape = learnt(ring, 'zz');
    for (const bit of bits) {
      const changed = Buffer.from(right);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(learnt(ring, changed.toString(encoding)), shape, `bit ${bit}`);
    }
  }
});
