/**
 * Writes `cipher/cipher-vectors.json` anew, by Spring's own classes: `npx node packages/config/src/testing/write-cipher-vectors.ts`.
 * What Spring encrypted is kept, and what we encrypted if Spring decrypts it.
 */
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keyring } from '../cipher/keyring.ts';
import type { KeySpec } from '../cipher/keyring-data.ts';
import { springCipher } from './spring-cipher.ts';
import { springKey } from './spring-key.ts';

const texts = ['mysecret', '', 'héllo ✓ 비밀', 'p4$$:word=with{braces}', 'x'.repeat(15), 'x'.repeat(16), 'a\nb\t"c"'];
const rsa = (bits: number) =>
  generateKeyPairSync('rsa', { modulusLength: bits }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const pems = [rsa(2048), rsa(1024)];
const keys: readonly KeySpec[] = [
  { kind: 'aes', password: 's3cret-key' },
  { kind: 'aes', password: 'ключ-ü-열쇠', salt: '0123456789abcdef' },
  { kind: 'aes', password: 's3cret-key', strong: true },
  { kind: 'aes', password: 'ключ-ü-열쇠', salt: 'CAFE', strong: true },
  ...pems.flatMap((pem): readonly KeySpec[] => [
    { kind: 'rsa', pem },
    { kind: 'rsa', pem, strong: true, salt: 'not hexadecimal' },
    { kind: 'rsa', pem, algorithm: 'OAEP' },
    { kind: 'rsa', pem, algorithm: 'OAEP', strong: true, salt: 'a1b2c3' },
  ]),
];
const bodies: readonly (readonly [string, string, boolean])[] = [
  ['my secret', 'text/plain', false],
  ['my%20secret=', 'text/plain', false],
  ['my%20secret+x=', 'application/x-www-form-urlencoded', false],
  ['my%20secret=', 'text/plain;charset=UTF-8', false],
  ['my secret', 'application/x-www-form-urlencoded', false],
  ['a=b', 'application/x-www-form-urlencoded', false],
  ['a%3Db==', 'application/x-www-form-urlencoded', false],
  ['a%zz=', 'application/x-www-form-urlencoded', false],
  ['%C3%A9=', 'application/x-www-form-urlencoded', false],
  ['0a1b=', 'application/x-www-form-urlencoded', true],
  ['0a1=', 'application/x-www-form-urlencoded', true],
  ['0a1b', 'application/x-www-form-urlencoded', true],
  ['AQ+B=', 'application/x-www-form-urlencoded', true],
  ['AQ%2BB=', 'application/x-www-form-urlencoded', true],
  ['AQBC==', 'application/x-www-form-urlencoded', true],
  ['AQBCD===', 'application/x-www-form-urlencoded', true],
  ['AQ*C=', 'application/x-www-form-urlencoded', true],
  ['AQBC=', 'text/plain', true],
];
const prefixes = [
  'text',
  '{key:a}text',
  '{key:a}{secret:b c}text',
  '{key:a}{plain}{text}',
  '{plain}{key:a}text',
  '{secret:b}{key:a-1.2}x}y',
  'x{key:a}y',
  '{name:n}{profiles:p}{key:z}q',
  '{cipher}{key:a}AQB=',
  '{foo}x',
];

const spring = await springCipher();
if (typeof spring === 'string') throw assert.fail(spring);
await using _ = spring;
const pairs = keys.flatMap((key) => texts.map((text) => ({ key, text })));
const answers = async (questions: Parameters<typeof spring.ask>[0]) => {
  const found = await spring.ask(questions);
  assert.equal(found.length, questions.length);
  return found;
};
const bySpring = await answers(pairs.map(({ key, text }) => ({ ask: 'encrypt', ...springKey(key), text })));
const ours = pairs.map(({ key, text }) => {
  return keyring({ current: 'k', keys: { k: key } })
    .encryptValue(text)
    .slice('{cipher}'.length);
});
const readBySpring = await answers(
  pairs.map(({ key }, index) => ({ ask: 'decrypt', ...springKey(key), text: ours[index] })),
);
for (const [index, { text }] of pairs.entries()) assert.equal(readBySpring[index]?.value, text);
const forms = await answers(bodies.map(([text, type, decrypts]) => ({ ask: 'form', text, type, decrypts })));
const parts = await answers(prefixes.map((text) => ({ ask: 'prefix', text })));
const publicKeys = await answers(pems.map((pem) => ({ ask: 'public-key', ...springKey({ kind: 'rsa', pem }) })));
const vectors = {
  made: 'by src/testing/write-cipher-vectors.ts with spring-security-crypto 6.5.0 and spring-cloud-config-server 4.3.0 on Java 17',
  keys,
  texts,
  spring: pairs.map(({ key, text }, index) => [keys.indexOf(key), texts.indexOf(text), bySpring[index]?.value]),
  dure: pairs.map(({ key, text }, index) => [keys.indexOf(key), texts.indexOf(text), ours[index]]),
  forms: bodies.map((body, index) => [...body, forms[index]?.value ?? null]),
  prefixes: prefixes.map((text, index) => [text, parts[index]?.value]),
  publicKeys: pems.map((pem, index) => [
    createPrivateKey(pem).export({ type: 'pkcs1', format: 'pem' }),
    publicKeys[index]?.value,
  ]),
};
await writeFile(join(import.meta.dirname, '../cipher/cipher-vectors.json'), `${JSON.stringify(vectors)}\n`);
