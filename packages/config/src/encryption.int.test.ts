// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Spring's placeholders, not JavaScript's
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf, messageOf, systemClock, systemRandom } from '@dure/core';
import type { TokenVerifier } from '@dure/service/server';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import { silentTelemetry } from '@dure/telemetry';
import fc from 'fast-check';
import { z } from 'zod';
import { keyring } from './cipher/keyring.ts';
import type { KeyringData } from './cipher/keyring-data.ts';
import { decryptedSource } from './client/decrypted-source.ts';
import { loadConfig } from './client/load-config.ts';
import { serverSource } from './client/server-source.ts';
import { configService } from './server/config-service.ts';
import type { ConfigEncryption } from './server/encryption.ts';
import { decryptScope, encryptScope } from './server/encryption.ts';

/** `Bearer order config:decrypt` is the service `order` with that scope. */
const verifier: TokenVerifier = {
  async verify(authorization) {
    const [, subject = '', ...scopes] = authorization.split(' ');
    return { kind: 'service', subject, roles: [], scopes };
  },
};
const data: KeyringData = {
  current: 'new',
  unnamed: 'old',
  keys: {
    old: { kind: 'aes', password: 's3cret-key' },
    new: { kind: 'aes', password: 'another-s3cret', strong: true },
  },
};
const ring = keyring(data);
const canary = 'canary-91c7';

async function serving(
  files: Readonly<Record<string, string>>,
  encryption: ConfigEncryption | undefined,
  use: (server: {
    readonly url: string;
    readonly said: readonly string[];
    readonly health: () => Promise<string>;
  }) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dure-encryption-'));
  stack.defer(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const said: string[] = [];
  const note = (text: string, fields?: unknown) => void said.push(`${text} ${JSON.stringify(fields)}`);
  const telemetry = { ...silentTelemetry(), log: { debug: note, info: note, warn: note, error: note } };
  const definition = configService({ folder, readers: ['monitor'], encryption });
  const running = await startService(definition, serviceParts({ platform: { verifier }, telemetry }));
  stack.defer(() => running.close());
  const health = async () =>
    (await fetch(`http://127.0.0.1:${running.managementPort}/actuator/health`, as('monitor'))).text();
  await use({ url: `http://127.0.0.1:${running.port}`, said, health });
}

const as = (authorization: string) => ({ headers: { authorization: `Bearer ${authorization}` } });
const encrypts = `admin ${encryptScope}`;
const decrypts = `admin ${decryptScope}`;

/** Posts a text; curl's default type without another. */
async function post(url: string, authorization: string, body: string, type = 'application/x-www-form-urlencoded') {
  const headers = { authorization: `Bearer ${authorization}`, 'content-type': type };
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

const source = { keyring: async () => ring };

test('a text is encrypted for who may encrypt, and decrypted for who may decrypt', () =>
  serving({}, source, async ({ url }) => {
    for (const path of ['', '/order/dev']) {
      const { status, type, text } = await post(`${url}/encrypt${path}`, encrypts, 'my secret');
      assert.deepEqual([status, type], [200, 'text/plain;charset=UTF-8']);
      assert.match(text, /^\{key:new\}[0-9a-f]+$/);
      assert.equal(ring.decrypt(text), 'my secret');
      const back = await post(`${url}/decrypt${path}`, decrypts, text);
      assert.deepEqual([back.status, back.text], [200, 'my secret']);
    }
    const old = await post(`${url}/encrypt`, encrypts, '{key:old}{secret:x}my%20secret=');
    assert.match(old.text, /^\{key:old\}\{secret:x\}[0-9a-f]+$/);
    assert.equal(ring.decrypt(old.text), 'my secret');
    assert.equal((await post(`${url}/decrypt`, decrypts, old.text)).text, 'my secret');
    const unnamed = keyring({ ...data, current: 'old' }).encrypt('my secret');
    assert.equal((await post(`${url}/decrypt`, decrypts, `${unnamed}=`)).text, 'my secret', 'as curl sends it');
  }));

test('each of the routes is closed to who has not its own scope', () =>
  serving({}, source, async ({ url }) => {
    const asked = [
      ['POST', '/encrypt', encryptScope],
      ['POST', '/encrypt/order/dev', encryptScope],
      ['POST', '/decrypt', decryptScope],
      ['POST', '/decrypt/order/dev', decryptScope],
      ['GET', '/key', encryptScope],
      ['GET', '/key/order/dev', encryptScope],
      ['GET', '/encrypt/status', encryptScope],
    ] as const;
    const callers = { '': 401, order: 403, monitor: 403, [`admin ${encryptScope}`]: 0, [`admin ${decryptScope}`]: 0 };
    for (const [method, path, scope] of asked) {
      for (const [caller, refused] of Object.entries(callers)) {
        const headers = caller === '' ? {} : { authorization: `Bearer ${caller}` };
        const body = method === 'POST' ? { body: 'text' } : {};
        const { status } = await fetch(url + path, { method, headers, ...body });
        const expected = refused === 0 && !caller.endsWith(scope) ? 403 : refused;
        if (expected === 0) assert.ok(status !== 401 && status !== 403, `${path} ${caller} ${status}`);
        else assert.equal(status, expected, `${path} ${caller}`);
      }
    }
  }));

const rsa = keyring({
  current: '1',
  keys: { 1: { kind: 'rsa', pem: await pem(), algorithm: 'OAEP', strong: true } },
});

async function pem(): Promise<string> {
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

test('the table of answers is Spring’s', async () => {
  const ask = async (url: string, path: string) => {
    const response = await fetch(url + path, as(encrypts));
    return [response.status, await response.text()];
  };
  const problem = (status: string, description: string) => JSON.stringify({ description, status });
  await serving({}, source, async ({ url }) => {
    assert.deepEqual(await ask(url, '/encrypt/status'), [200, '{"status":"OK"}']);
    assert.deepEqual(await ask(url, '/key'), [404, problem('NOT_FOUND', 'No public key available')]);
    const wrong = await post(`${url}/decrypt`, decrypts, 'nonsense');
    assert.deepEqual([wrong.status, wrong.text], [400, problem('INVALID', 'Text not encrypted with this key')]);
    const gone = await post(`${url}/encrypt`, encrypts, '{key:gone}text');
    assert.deepEqual([gone.status, gone.text], [404, problem('NO_KEY', 'No key was installed for encryption service')]);
    assert.equal((await post(`${url}/encrypt`, encrypts, 'x'.repeat(70_000))).status, 413);
  });
  await serving({}, { keyring: async () => rsa }, async ({ url }) => {
    const [status, key] = await ask(url, '/key/order/dev');
    assert.deepEqual([status, key], [200, rsa.publicKey()]);
    assert.match(String(key), /^ssh-rsa AAAAB3NzaC1yc2E[A-Za-z0-9+/=]+ application$/);
  });
  await serving({}, { ...source, decrypts: false }, async ({ url }) => {
    const refused = await post(`${url}/decrypt`, decrypts, ring.encrypt('x'));
    assert.deepEqual(
      [refused.status, refused.text],
      [400, problem('BAD_REQUEST', 'Server-side decryption is not supported')],
    );
    assert.equal((await post(`${url}/encrypt`, encrypts, 'x')).status, 200);
  });
  for (const none of [undefined, { keyring: async () => undefined }])
    await serving({}, none, async ({ url }) => {
      const expected = [404, problem('NO_KEY', 'No key was installed for encryption service')];
      assert.deepEqual(await ask(url, '/encrypt/status'), expected);
      assert.deepEqual(await ask(url, '/key'), expected);
      for (const path of ['/encrypt', '/decrypt']) {
        const { status, text } = await post(url + path, path === '/encrypt' ? encrypts : decrypts, 'x');
        assert.deepEqual([status, text], expected);
      }
    });
});

test('a body without a type, or that is no text, is refused', () =>
  serving({}, source, async ({ url }) => {
    const statusOf = (headers: Readonly<Record<string, string>>, body: Uint8Array) =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { method: 'POST', headers: { authorization: `Bearer ${encrypts}`, ...headers } };
        const sent = request(`${url}/encrypt`, options, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        sent.on('error', reject).end(body);
      });
    assert.equal(await statusOf({}, Buffer.from('text')), 400);
    assert.equal(await statusOf({ 'content-type': 'text/plain' }, Buffer.of(0xff, 0xfe)), 400);
    assert.equal(await statusOf({ 'content-type': 'text/plain' }, Buffer.from('text')), 200);
  }));

test('whatever is posted to /decrypt that is not encrypted, the answer is the same to the letter', () =>
  serving({}, source, async ({ url, said }) => {
    const right = ring.encrypt('{key:old}some text');
    const texts = fc.oneof(
      fc.stringMatching(/^[0-9a-f]{0,80}$/),
      fc.base64String(),
      fc.nat(right.length - 1).map((length) => right.slice(0, length)),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const { status, text: answer } = await post(`${url}/decrypt`, decrypts, text, 'text/plain');
        if (status !== 200)
          assert.deepEqual(
            [status, answer],
            [400, '{"description":"Text not encrypted with this key","status":"INVALID"}'],
          );
      }),
      { numRuns: 100 },
    );
    assert.doesNotMatch(said.join('\n'), /some text|s3cret/);
  }));

const files = {
  'application.yml': `shared: '${ring.encryptValue('shared-secret')}'\n`,
  'order.yml': `plain: 1\ndb-password: '${ring.encryptValue(canary)}'\nlast: \${db-password}!\n`,
  'payment.yml': `api-key: '{cipher}{key:gone}c0ffee'\nother: 2\n`,
};

test('the application’s values are decrypted for it; a reader of all gets them as they are, unless it may decrypt', () =>
  serving(files, source, async ({ url }) => {
    const read = async (caller: string, path = '/order/default') => (await fetch(url + path, as(caller))).json();
    const own = await read('order');
    assert.deepEqual(own, {
      ...own,
      secrets: ['db-password', 'shared'],
      propertySources: [
        { name: 'file:order.yml', source: { plain: 1, last: '${db-password}!', 'db-password': canary } },
        { name: 'file:application.yml', source: { shared: 'shared-secret' } },
      ],
    });
    const text = await fetch(`${url}/order-default.yml`, as('order'));
    assert.equal(await text.text(), `shared: shared-secret\nplain: 1\nlast: ${canary}!\ndb-password: ${canary}\n`);
    const monitor = JSON.stringify(await read('monitor'));
    assert.match(monitor, /\{cipher\}/);
    assert.doesNotMatch(monitor, /canary|shared-secret|secrets/);
    assert.match(JSON.stringify(await read(`monitor ${decryptScope}`)), /canary/);
    assert.equal((await fetch(`${url}/order/default`, as('payment'))).status, 403);
  }));

test('a value that cannot be decrypted is `invalid.` as in Spring, and keeps nothing else from being read', () =>
  serving(files, source, async ({ url, said, health }) => {
    const { propertySources } = (await (await fetch(`${url}/payment/default`, as('payment'))).json()) as {
      readonly propertySources: readonly { readonly source: object }[];
    };
    assert.deepEqual(propertySources[0]?.source, { other: 2, 'invalid.api-key': '<n/a>' });
    assert.doesNotMatch(`${said.join('\n')}${await health()}`, /c0ffee|shared-secret/);
  }));

test('values are passed on without a key, and where the server does not decrypt', async () => {
  for (const passing of [undefined, { keyring: async () => undefined }, { ...source, decrypts: false }])
    await serving(files, passing, async ({ url }) => {
      const text = await (await fetch(`${url}/order/default`, as('order'))).text();
      assert.match(text, /"db-password":"\{cipher\}\{key:new\}[0-9a-f]+"/);
    });
});

const schema = z.object({ plain: z.int(), dbPassword: z.string(), last: z.string().optional() });

test('our client reads the same from a server that decrypts and by its own keys, and shows it nowhere', async () => {
  const load = (url: string) => {
    const signer = { authorize: async () => 'Bearer order' };
    const server = serverSource({ url, signer, clock: systemClock, random: systemRandom });
    return loadConfig({ service: 'order', profiles: [], schema, sources: [decryptedSource(server, source.keyring)] });
  };
  for (const encryption of [source, { ...source, decrypts: false }])
    await serving(files, encryption, async ({ url }) => {
      const { value, explain } = await load(url);
      assert.equal(value.dbPassword, canary);
      assert.doesNotMatch(`${JSON.stringify(value)} ${JSON.stringify(explain())}`, /canary/);
    });
});

test('a keyring that changes needs no restart', async () => {
  const first = keyring({ current: 'old', keys: { old: { kind: 'aes', password: 's3cret-key' } } });
  let now = first;
  await serving(files, { keyring: async () => now }, async ({ url }) => {
    const read = async () => (await fetch(`${url}/order/default`, as('order'))).text();
    assert.match(await read(), /invalid\.db-password/);
    now = ring;
    assert.match(await read(), /canary/);
  });
});

test('a keyring that cannot be read is an error of the server’s that says nothing of the keys', () => {
  const broken = async () => {
    const { readKeyringData } = await import('./cipher/keyring-data.ts');
    return keyring(readKeyringData('{"hunter2', 'ring.json'));
  };
  return serving(files, { keyring: broken }, async ({ url }) => {
    const response = await fetch(`${url}/order/default`, as('order'));
    assert.equal(response.status, 503);
    const text = await response.text();
    assert.match(text, /CONFIG_KEYRING_INVALID/);
    assert.doesNotMatch(text, /hunter2/);
  });
});

test('errors of the catalogue carry neither text nor key', () => {
  assert.throws(
    () => ring.decrypt('{cipher}c0ffee'),
    (error) => codeOf(error) === 'CONFIG_CIPHER_UNREADABLE' && !/c0ffee|s3cret/.test(messageOf(error)),
  );
});
