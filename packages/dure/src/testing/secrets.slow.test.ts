import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { KeyringData } from '@dure/config/cipher';
import { keyring, writeKeyring } from '@dure/config/cipher';
import { messageOf, systemClock, wait } from '@dure/core';
import { askSupervisor } from '../supervisor/control-client.ts';
import type { TestSystem } from './start-system.ts';
import { startSystem } from './start-system.ts';

// Secrets are planted in all that a system is configured with, everything is made to fail, and then nothing that anybody can
// read may hold one of them.

const planted = new Map<string, string>();

/** A secret that is found wherever it goes. */
function canary(name: string): string {
  const value = `canary${randomBytes(12).toString('hex')}`;
  planted.set(name, value);
  return value;
}

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();
planted.set('a private key of the keyring', pem.split('\n')[3] ?? '');
const keys: KeyringData = {
  current: '2',
  unnamed: '1',
  keys: {
    1: { kind: 'aes', password: canary('the old key of the keyring') },
    2: { kind: 'aes', password: canary('the new key of the keyring'), strong: true },
    3: { kind: 'rsa', pem, algorithm: 'OAEP', strong: true },
  },
};
const ring = keyring(keys);
const sealed = (name: string) => ring.encryptValue(canary(name));
const pin = 1_000_000_000 + randomBytes(4).readUInt32BE();
planted.set('a number that is encrypted', String(pin));

const files = {
  'application.yml': `shared: ${canary('a value for all')}\nof-another: '${sealed('an encrypted value for all')}'\n`,
  'vault.yml': `api-key: '${sealed('an encrypted secret()')}'
signing: ${canary('a plain secret()')}
note: '${sealed('an encrypted value')}'
pin: '${ring.encryptValue(String(pin))}'
hosts: '${ring.encryptValue(`${canary('an encrypted list')}, ${canary('an encrypted list, its second')}`)}'
accounts:
  kim:
    word: '{cipher}{key:3}${keyring({ ...keys, current: '3' })
      .encrypt(canary('a value by RSA'))
      .replace('{key:3}', '')}'
smtp:
  url: '${ring.encryptValue(`smtp://vault:${canary('the password of an encrypted URL')}@127.0.0.1`)}'
`,
  'other.yml': `password: ${canary('a value of nobody')}\n`,
};
const own = `own-plain: ${canary('a secret() of its own files')}\nown-cipher: '${sealed('an encrypted value of its own files')}'\n`;
const configuration = {
  DURE_VAULT__FROM_ENVIRONMENT: canary('a secret() of the environment'),
  DURE_VAULT__ENVIRONMENT_CIPHER: sealed('an encrypted value of the environment'),
};
const tokens = {
  bearer: `Bearer ${canary('a token')}`,
  basic: `Basic ${btoa(`kim:${canary('a password of HTTP Basic')}`)}`,
  jwt: `Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${canary('a signature')}`,
  cookie: `session=${canary('a cookie')}`,
};
planted.set('HTTP Basic, encoded', tokens.basic.slice('Basic '.length));

const folder = await mkdtemp(join(tmpdir(), 'dure-secrets-'));
const heard: (readonly [where: string, text: string])[] = [];
let running: TestSystem;

before(async () => {
  const fixture = new URL('../../fixtures/vault/', import.meta.url).href;
  const source = `import { edge, system } from '${new URL('../index.ts', import.meta.url).href}';
import { vault } from '${fixture}contract.ts';
export const secrets = system('secrets', {
  services: { vault: () => import('${fixture}service.ts').then((module) => module.vaultService) },
  edge: edge({ expose: [vault] }),
  config: './config',
  keyring: './keys/keyring.json',
  foreign: { legacy: { passwordFile: './keys/legacy' } },
});
`;
  await writeFile(join(folder, 'system.ts'), source);
  for (const name of ['config', 'vault', 'keys']) await mkdir(join(folder, name));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'config', name), text);
  await writeFile(join(folder, 'vault', 'application.yml'), own);
  await writeKeyring(join(folder, 'keys', 'keyring.json'), keys);
  await writeFile(join(folder, 'keys', 'legacy'), canary('the password of a foreign program'), { mode: 0o600 });
  running = await startSystem(join(folder, 'system.ts'), {
    placement: 'each',
    configuration,
    stateFolder: join(folder, 'state'),
    observe: (event) => {
      if (event.type !== 'ready') heard.push(['event', JSON.stringify(event)]);
    },
  });
  const password = new URL(running.databaseUrls.vault ?? '').password;
  assert.ok(password.length >= 16);
  planted.set('the password of the database', password);
  for (const name of await readdir(join(running.stateFolder, 'keys'))) {
    const text = await readFile(join(running.stateFolder, 'keys', name), 'utf8');
    const { d } = JSON.parse(text) as { readonly d?: string };
    if (d !== undefined) planted.set(`the private key of ${name}`, d);
  }
});

after(async () => {
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Asks the gateway, and keeps what it says. */
async function ask(path: string, init?: RequestInit): Promise<string> {
  const response = await fetch(running.edge + path, init);
  const text = await response.text();
  heard.push([`the answer to ${path}`, `${response.status} ${JSON.stringify([...response.headers])} ${text}`]);
  return text;
}

async function manage(path: string, service?: string): Promise<void> {
  const question = { method: 'GET', path } as const;
  const asked =
    service === undefined
      ? ({ ask: 'manage-each', ...question } as const)
      : ({ ask: 'manage', service, ...question } as const);
  const answer: unknown = await askSupervisor(running.stateFolder, asked).catch(messageOf);
  heard.push([`the endpoint ${path}${service === undefined ? '' : ` of ${service}`}`, JSON.stringify(answer)]);
}

const refreshed = () =>
  askSupervisor(running.stateFolder, { ask: 'manage', service: 'vault', method: 'POST', path: 'refresh' }).then(
    (keysChanged) => JSON.stringify(keysChanged),
    (error: unknown) => `refused: ${messageOf(error)} ${JSON.stringify(error)}`,
  );

const edit = (name: string, text: string) => writeFile(join(folder, 'config', name), text);

test('the service has every one of its secrets', async () => {
  const lengths = JSON.parse(await ask('/lengths')) as Readonly<Record<string, number>>;
  for (const name of [
    'apiKey',
    'signing',
    'shared',
    'ownPlain',
    'fromEnvironment',
    'note',
    'ownCipher',
    'environmentCipher',
  ])
    assert.equal(lengths[name], 32, name);
  assert.deepEqual([lengths.pin, lengths.hosts], [10, 67]);
  assert.ok(planted.size >= 20, `${planted.size} are planted`);
});

test('requests that fail, with credentials of every kind', async () => {
  for (const authorization of [tokens.bearer, tokens.basic, tokens.jwt]) {
    const headers = { authorization, cookie: tokens.cookie, 'x-api-key': tokens.bearer };
    for (const path of ['/lengths', '/spill', '/nowhere']) await ask(path, { headers });
    await fetch(`${running.urls.config}/vault/test`, { headers }).then(async (response) =>
      heard.push(['the config server', `${response.status} ${await response.text()}`]),
    );
    await fetch(`${running.urls.config}/decrypt`, { method: 'POST', headers, body: ring.encryptValue('x') }).then(
      async (response) => heard.push(['the config server, decrypting', `${response.status} ${await response.text()}`]),
    );
  }
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ password: canary('a password in a body'), pin: 'none' });
  await ask('/keep', { method: 'POST', headers, body });
  await ask('/keep', { method: 'POST', headers, body: `{"password": "${canary('a password in a broken body')}` });
});

/** Each change of `vault.yml` is refused, or leaves what was good in place; and each tells about it. */
const mistakes: readonly (readonly [name: string, change: (text: string) => string])[] = [
  ['a value of the wrong type', (text) => text.replace(/^pin: .*$/m, `pin: '${sealed('a value of the wrong type')}'`)],
  ['a plain one', (text) => text.replace(/^signing: .*$/m, `signing: [${canary('a secret() of the wrong type')}]`)],
  ['an unknown key', (text) => `${text}api-kye: '${sealed('a value of an unknown key')}'\n`],
  ['a key that is gone', (text) => text.replace(/^note: .*$/m, "note: '{cipher}{key:gone}c0ffee'")],
  ['a broken file', (text) => `${text}broken: [${canary('a value in a broken file')}\n`],
  [
    'an alias of nothing',
    (text) => text.replace(/^signing: .*$/m, `signing: *${canary('a password that begins with *')}`),
  ],
  [
    'a tag of nothing',
    (text) => text.replace(/^signing: .*$/m, `signing: !${canary('a password that begins with !')} x`),
  ],
  ['an anchor', (text) => text.replace(/^signing: .*$/m, `signing: %${canary('a password that begins with %')}`)],
  ['a changed one', (text) => text.replace(/^note: .*$/m, `note: '${sealed('a value that came later')}'`)],
];

test('changes of configuration that are refused, broken or taken up', async () => {
  for (const [name, change] of mistakes) {
    await edit('vault.yml', change(files['vault.yml']));
    heard.push([`the refresh after ${name}`, await refreshed()]);
    await manage('config', 'vault');
    await manage('health');
  }
  await edit('vault.yml', files['vault.yml']);
  await chmod(join(folder, 'keys', 'keyring.json'), 0o644);
  heard.push(['the refresh without keys', await refreshed()]);
  await chmod(join(folder, 'keys', 'keyring.json'), 0o600);
  heard.push(['the refresh at the end', await refreshed()]);
});

test('processes that crash', async () => {
  for (const name of ['vault', 'config']) {
    running.kill(name, name === 'vault' ? 'SIGABRT' : 'SIGKILL');
    await running.untilReady();
  }
  await ask('/spill');
});

async function listen(): Promise<void> {
  const endpoints = [
    '',
    'config',
    'config/prod',
    'env',
    'health',
    'info',
    'metrics',
    'prometheus',
    'mappings',
    'loggers',
    'gateway/routes',
    'flags',
  ];
  for (const path of [...endpoints, 'circuitbreakers', 'retries', 'deliveries', 'rollout', 'rollout/instances'])
    await manage(path);
  const signedIn = await fetch(running.consoleUrl, { redirect: 'manual' });
  const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const read = async (path: string) => {
    const text = await (await fetch(`${running.urls.console}${path}`, { headers: { cookie } })).text();
    heard.push([`the console’s ${path}`, text]);
    return text;
  };
  const { traces = [] } = JSON.parse(await read('/api/traces?limit=100')) as { traces?: { traceId: string }[] };
  assert.ok(traces.length > 3, 'there are traces');
  for (const { traceId } of traces.slice(0, 40)) await read(`/api/traces/${traceId}`);
  const { logs = [] } = JSON.parse(await read('/api/logs?limit=1000')) as { logs?: unknown[] };
  assert.ok(logs.length > 3, 'there are logs');
  for (const path of [
    '/api/services',
    '/api/overview',
    '/api/config',
    '/api/config/vault',
    '/api/config/vault?against=prod',
  ])
    await read(path);
}

/** Every file of the run that is not one of the keys, of the database or of what a process alone is told. */
async function filesOf(root: string, below = ''): Promise<readonly string[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return ['postgres', 'cache'].includes(path) ? [] : filesOf(root, path);
    return entry.isFile() ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

const guarded = /^(?:keys|run|config)\//;

test('none of them is in logs, answers, endpoints, traces, metrics, the console or the command lines; files that hold one are their owner’s', async (context) => {
  await wait(systemClock, 2_500); // what is exported now and then has been
  await listen();
  for (const path of await filesOf(running.stateFolder)) {
    const whole = join(running.stateFolder, path);
    const { mode } = await stat(whole);
    const text = (await readFile(whole)).toString('latin1');
    if (guarded.test(path)) {
      if (holds(text).length > 0) assert.equal(mode & 0o077, 0, `${path} has the mode ${mode.toString(8)}`);
    } else heard.push([`the file ${path}`, text]);
  }
  for (const secret of ['keys', 'run', 'logs', 'config'])
    assert.equal((await stat(join(running.stateFolder, secret))).mode & 0o077, 0, secret);
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)))
    heard.push([`the command line of ${pid}`, await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')]);
  const told = heard.map(([, text]) => text).join('\n');
  for (const failure of [
    /pin = \*\*\*/,
    /unknown key; did you mean apiKey/,
    /could not decrypt it/,
    /vault\.yml:\d+:\d+/,
    /chmod 600/,
    /RangeError/,
  ])
    assert.ok(failure.test(told), `${failure} was told somewhere`);
  const hits = heard.flatMap(([where, text]) => holds(text).map((name) => `${name} in ${where}`));
  assert.deepEqual([...new Set(hits)], []);
  context.diagnostic(`${planted.size} secrets, ${heard.length} places, ${told.length} characters`);
  assert.ok(planted.size >= 40 && heard.length > 100, `${planted.size} secrets, ${heard.length} places`);
});

function holds(text: string): readonly string[] {
  return [...planted].filter(([, value]) => text.includes(value)).map(([name]) => name);
}

test('the search finds what is there', () => {
  const [name = '', value = ''] = [...planted][5] ?? [];
  assert.deepEqual(holds(`x${value}y`), [name]);
});
