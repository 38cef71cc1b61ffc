import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { keyring } from './cipher/keyring.ts';
import type { KeySpec } from './cipher/keyring-data.ts';
import { springCipher } from './testing/spring-cipher.ts';
import { springKey } from './testing/spring-key.ts';

// Spring's own encryptors in a JVM, as they are; where none can be had the tests are skipped and say why.

const spring = await springCipher();
const skip = typeof spring === 'string' ? spring : false;
after(async () => {
  if (typeof spring !== 'string') await spring[Symbol.asyncDispose]();
});

function ask(questions: Parameters<Exclude<typeof spring, string>['ask']>[0]) {
  return typeof spring === 'string' ? assert.fail(spring) : spring.ask(questions);
}

const pem = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const salt = () => randomBytes(6).toString('hex');
const rsaForms = [false, true].flatMap((strong) =>
  (['DEFAULT', 'OAEP'] as const).map((algorithm) => ({ strong, algorithm })),
);
const keys = (): readonly KeySpec[] => [
  ...[false, true].map(
    (strong): KeySpec => ({ kind: 'aes', password: randomBytes(24).toString('base64'), salt: salt(), strong }),
  ),
  ...rsaForms.map((form): KeySpec => ({ kind: 'rsa', pem: pem(), salt: salt(), ...form })),
];
const texts = () => [
  '',
  'ü 비밀 ✓ \u{1f511}',
  ...Array.from({ length: 6 }, (_, index) => randomBytes(index * 11).toString('latin1')),
];

test('Spring decrypts what we encrypt, and we what Spring encrypts, by keys and texts that nobody has seen', {
  skip,
}, async () => {
  const pairs = keys().flatMap((key) =>
    texts().map((text) => ({ key, text, ring: keyring({ current: 'k', keys: { k: key } }) })),
  );
  const ours = pairs.map(({ key, text, ring }) => ({
    ask: 'decrypt' as const,
    ...springKey(key),
    text: ring.encrypt(`{plain}${text}`),
  }));
  const theirs = pairs.map(({ key, text }) => ({ ask: 'encrypt' as const, ...springKey(key), text }));
  const answers = await ask([...ours, ...theirs]);
  assert.equal(answers.length, 2 * pairs.length);
  for (const [index, { text, ring }] of pairs.entries()) {
    assert.equal(answers[index]?.value, text);
    assert.equal(ring.decrypt(`{cipher}${answers[pairs.length + index]?.value}`), text);
  }
});

test('the key that Spring makes of `encrypt.key` is ours, a PEM as well as a password', { skip }, async () => {
  for (const key of [
    { kind: 'rsa', pem: pem() },
    { kind: 'aes', password: 'a pass phrase' },
  ] as const) {
    const ring = keyring({ current: 'k', keys: { k: key } });
    const factory = { kind: 'factory', key: key.kind === 'rsa' ? key.pem : key.password, salt: 'deadbeef' };
    const [encrypted, decrypted] = await ask([
      { ask: 'encrypt', ...factory, text: 'text' },
      { ask: 'decrypt', ...factory, text: ring.encrypt('text') },
    ]);
    assert.equal(ring.decrypt(String(encrypted?.value)), 'text');
    assert.equal(decrypted?.value, 'text');
  }
});

test('Spring’s client reads an Environment that lists its secrets', { skip }, async () => {
  const propertySources = [{ name: 'file:order.yml', source: { 'api-key': 'x' } }];
  const text = JSON.stringify({
    name: 'order',
    profiles: ['dev'],
    label: null,
    version: null,
    state: null,
    secrets: ['api-key'],
    propertySources,
  });
  assert.deepEqual(await ask([{ ask: 'environment', text }]), [{ value: 1 }]);
});
