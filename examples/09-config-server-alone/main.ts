// A config server with no other part of Dure: no registry, no supervisor, no service. It serves a folder, or with `git` a
// repository of the same files; whatever speaks HTTP reads from it.
import { execFileSync } from 'node:child_process';
import { appendFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileKeyring, newKey, writeKeyring } from '@dure/config/cipher';
import { configService, encryptScope, folderBackend, gitBackend, staleHeader } from '@dure/config/server';
import { systemClock } from '@dure/core';
import { tokenVerifier } from '@dure/identity';
import { startAlone } from '../03-eureka-interop/start-alone.ts';

const inGit = process.argv[2] === 'git';
const place = await mkdtemp(join(tmpdir(), 'config-'));
const folder = join(place, 'config');
await cp(join(import.meta.dirname, 'config'), folder, { recursive: true });
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=example', '-c', 'user.email=example@dure.test', ...args]);
const commit = () => git('add', '-A') && git('commit', '-qm', 'a change');
if (inGit) git('init', '-qb', 'main') && commit();

const keys = join(place, 'keyring.json');
await writeKeyring(keys, { current: '1', keys: { 1: newKey() } });

// region server
const backend = inGit
  ? gitBackend({ url: pathToFileURL(folder).href, refreshMs: 0 }, { folder: join(place, 'copies') })
  : folderBackend(folder);
const definition = configService({
  backend,
  applications: ['order', 'billing'],
  encryption: { keyring: fileKeyring(keys) },
  monitor: {},
});
// endregion
// region users
const server = await startAlone(definition, {
  signer: { authorize: async () => '' }, // it calls nobody
  verifier: tokenVerifier({
    audience: 'config',
    peers: {},
    basic: {
      order: { password: 'secret', service: 'order', scopes: [] }, // what Spring's client sends
      billing: { password: 'secret', service: 'billing', scopes: [] },
      ops: { password: 'secret', service: 'ops', scopes: [encryptScope] },
    },
    clock: systemClock,
  }),
});
// endregion
const url = `http://127.0.0.1:${server.port}`;

say('1  as a Spring client asks for it');
const { name, profiles, propertySources } = JSON.parse(await ask('order', '/order/prod')) as Environment;
say(`   ${name} ${profiles.join()}`);
for (const { name: file, source } of propertySources) say(`   ${lastPart(file)} ${JSON.stringify(source)}`);
say('2  merged, as text');
for (const line of (await ask('order', '/order-prod.yml')).trimEnd().split('\n')) say(`   ${line}`);

say('3  a value is encrypted by whoever may, and read in plain by its owner only');
const encrypted = await ask('ops', '/encrypt', { method: 'POST', body: 'k-4711' });
await appendFile(join(folder, 'order.yml'), `api-key: '{cipher}${encrypted}'\n`);
say(`   the file has api-key: '{cipher}${encrypted.replace(/[0-9a-f]{16,}/, '…')}'`);
await changed();
say(`   order reads ${/^api-key: .*$/m.exec(await ask('order', '/order-prod.yml'))?.[0]}`);
say(`   billing: ${codeIn(await ask('billing', '/order/prod'))}`);
say(`   order decrypts: ${codeIn(await ask('order', '/decrypt', { method: 'POST', body: encrypted }))}`);
say(`   nobody: ${(await fetch(`${url}/order/prod`)).status}`);

say('4  a broken edit: what was good goes on');
await writeFile(join(folder, 'order-prod.yml'), 'max-lines: [20\n');
await changed();
const answer = await send('order', '/order-prod.properties');
const stale = lastPart(answer.headers.get(staleHeader) ?? '');
say(`   ${answer.status} ${/^max-lines.*$/m.exec(await answer.text())?.[0]}, stale: ${stale}`);

await server.close();
await rm(place, { recursive: true });

interface Environment {
  readonly name: string;
  readonly profiles: readonly string[];
  readonly propertySources: readonly { readonly name: string; readonly source: Readonly<Record<string, unknown>> }[];
}

/** A folder is looked at by itself; a repository's host tells of a push, as here, or is asked every few seconds. */
async function changed(): Promise<void> {
  if (!inGit) return;
  commit();
  await send('ops', '/monitor', { method: 'POST', body: new URLSearchParams({ path: 'order.yml' }) });
}

/** As `curl -u user:secret` does. */
function send(user: string, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url + path, { ...init, headers: { authorization: `Basic ${btoa(`${user}:secret`)}` } });
}

async function ask(user: string, path: string, init: RequestInit = {}): Promise<string> {
  return (await send(user, path, init)).text();
}

/** A source's name says where it lies as well. */
function lastPart(place: string): string {
  return /[^/: ]+\.yml.*$/.exec(place)?.[0] ?? place;
}

function codeIn(problem: string): string {
  return (JSON.parse(problem) as { readonly code: string }).code;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
