import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startConfig } from '../../testing/start-config.ts';
import type { ConfigBackend } from '../backends/config-backend.ts';
import type { MonitorOptions } from './monitor-route.ts';

const folder = await mkdtemp(join(tmpdir(), 'dure-monitor-'));
const secretFile = join(folder, 'secret');
await writeFile(secretFile, 's3cret\n', { mode: 0o600 });
after(() => rm(folder, { recursive: true }));

type Hook = { readonly headers?: Record<string, string>; readonly body: unknown };

async function withMonitor(
  options: MonitorOptions,
  use: (send: (hook: Hook) => Promise<Response>, state: { refreshed: number; found: string[] }) => Promise<void>,
): Promise<void> {
  const state = { refreshed: 0, found: [] as string[] };
  const backend: ConfigBackend = {
    name: 'test',
    find: async () => ({ sources: [], stale: [] }),
    resource: async () => undefined,
    problems: async () => [],
    async refresh() {
      state.refreshed += 1;
      return state.found;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  await using running = await startConfig({ backend, monitor: options });
  const send = ({ headers, body }: Hook) =>
    fetch(`${running.url}/monitor`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  await use(send, state);
}

const commits = [{ added: ['a.yml'], removed: ['sub/b-dev.yml'], modified: ['application-dev.yml'] }];
const all = ['a', 'application-dev', '*', 'b-dev', 'b'];
const shapes: Readonly<Record<string, Hook & { readonly services: readonly string[] }>> = {
  GitHub: { headers: { 'x-github-event': 'push' }, body: { commits }, services: all },
  GitLab: { headers: { 'x-gitlab-event': 'Push Hook' }, body: { commits }, services: all },
  Gitee: { headers: { 'x-git-oschina-event': 'Push Hook' }, body: { commits }, services: all },
  Gogs: { headers: { 'x-gogs-event': 'push' }, body: { commits }, services: all },
  Gitea: { headers: { 'x-gitea-event': 'push' }, body: { commits }, services: ['*'] },
  'Bitbucket Cloud': {
    headers: { 'x-event-key': 'repo:push', 'x-hook-uuid': '1' },
    body: { push: { changes: [{}] } },
    services: ['*'],
  },
  'Bitbucket Cloud, merged': {
    headers: { 'x-event-key': 'pullrequest:fulfilled', 'x-hook-uuid': '1' },
    body: { pullrequest: {} },
    services: ['*'],
  },
  'Bitbucket Server': {
    headers: { 'x-event-key': 'repo:refs_changed', 'x-request-id': '1' },
    body: { changes: [{}] },
    services: ['*'],
  },
  'Bitbucket Server, merged': {
    headers: { 'x-event-key': 'pr:merged', 'x-request-id': '1' },
    body: {},
    services: ['*'],
  },
  'Azure DevOps': { body: { eventType: 'git.push', resource: {} }, services: ['*'] },
  'one path': { body: { path: 'foo-bar-dev.yml' }, services: ['foo-bar-dev', 'foo-bar', 'foo'] },
  'several paths': { body: { path: ['a.yml', 7, 'b.properties'] }, services: ['a', 'b'] },
  form: {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'path=orders.yml&path=billing.yml',
    services: ['orders', 'billing'],
  },
  'a ping': { headers: { 'x-github-event': 'ping' }, body: { zen: '…' }, services: [] },
  'a push without commits': { headers: { 'x-gitea-event': 'push' }, body: { commits: [] }, services: [] },
  'an unknown event': { body: { hello: 'there' }, services: [] },
};

test('every host’s push names the services it may touch, and makes the backend read again; other events do neither', () =>
  withMonitor({ secretFile }, async (send, state) => {
    for (const [name, { headers, body, services }] of Object.entries(shapes)) {
      state.refreshed = 0;
      const response = await send({ headers: { ...headers, 'x-gitlab-token': 's3cret' }, body });
      assert.equal(response.status, 200, name);
      assert.deepEqual([...((await response.json()) as string[])].sort(), [...services].sort(), name);
      assert.equal(state.refreshed, services.length === 0 ? 0 : 1, name);
    }
  }));

test('what the backend finds changed is added to what the host says, and told', async () => {
  const told: unknown[] = [];
  await withMonitor({ secretFile, onChanged: (...changed) => told.push(changed) }, async (send, state) => {
    state.found = ['pay-dev.yml', 'a.yml'];
    await send({ headers: { 'x-gitlab-token': 's3cret' }, body: { path: 'a.yml' } });
    assert.deepEqual(told, [
      [
        ['a.yml', 'pay-dev.yml'],
        ['a', 'pay-dev', 'pay'],
      ],
    ]);
  });
});

const body = JSON.stringify({ path: 'a.yml' });
const hmac = (text: string, secret = 's3cret', hash = 'sha256') => createHmac(hash, secret).update(text).digest('hex');

test('the proofs of all hosts are taken, wrong ones are refused before the body is read', () =>
  withMonitor({ secretFile }, async (send, state) => {
    const right: Record<string, string>[] = [
      { 'x-hub-signature-256': `sha256=${hmac(body)}` },
      { 'x-hub-signature': `sha256=${hmac(body)}` },
      { 'x-gitea-signature': hmac(body) },
      { 'x-gogs-signature': hmac(body) },
      { 'x-gitlab-token': 's3cret' },
      { 'x-gitee-token': 's3cret' },
      { authorization: 'Bearer order' },
    ];
    for (const headers of right) assert.equal((await send({ headers, body })).status, 200, JSON.stringify(headers));
    assert.equal(state.refreshed, right.length);
    const wrong: Record<string, string>[] = [
      {},
      { 'x-hub-signature-256': `sha256=${hmac(`${body} `)}` },
      { 'x-hub-signature-256': hmac(body) },
      { 'x-hub-signature-256': `sha256=${hmac(body, 'other')}` },
      { 'x-hub-signature': `sha1=${hmac(body, 's3cret', 'sha1')}` },
      { 'x-gitea-signature': '' },
      { 'x-gitlab-token': 's3cre' },
      { 'x-gitlab-token': hmac(body) },
    ];
    for (const headers of wrong) {
      const response = await send({ headers, body: `${body}` });
      const text = await response.text();
      assert.equal(response.status, 403, JSON.stringify(headers));
      assert.match(text, /CONFIG_MONITOR_REFUSED/);
      assert.doesNotMatch(text, /s3cret/);
    }
    assert.equal((await send({ body: 'garbage' })).status, 403);
    assert.equal(state.refreshed, right.length);
  }));

test('garbage is refused and says what was expected; too much is refused; no shape makes it fail', () =>
  withMonitor({ secretFile }, async (send) => {
    const headers = { 'x-gitlab-token': 's3cret' };
    for (const garbage of ['', 'garbage', '[]', 'null', '"a"', '['.repeat(100_000), '{"a":'.repeat(100_000)]) {
      const response = await send({ headers, body: garbage });
      assert.equal(response.status, 400, garbage.slice(0, 20));
      assert.match(await response.text(), /CONFIG_MONITOR_UNREADABLE/);
    }
    assert.equal((await send({ headers, body: `{"path":"${'a'.repeat(6 * 2 ** 20)}"}` })).status, 413);
    const odd = [{ commits: 7 }, { commits: [null, 1, [], { added: {} }] }, { commits: [{ added: [null, {}] }] }];
    for (const each of odd) {
      const response = await send({ headers: { ...headers, 'x-github-event': 'push' }, body: each });
      assert.deepEqual([response.status, await response.text()], [200, '[]']);
    }
    const many = { path: Array.from({ length: 20_000 }, (_, n) => `f${n}.yml`) };
    assert.equal(await (await send({ headers, body: many })).text(), '["*"]');
  }));

test('without a secret only services may tell', () =>
  withMonitor({}, async (send, state) => {
    assert.equal((await send({ body })).status, 401);
    assert.equal((await send({ body, headers: { 'x-gitlab-token': '' } })).status, 401);
    assert.equal((await send({ body, headers: { authorization: `Basic ${btoa('ci:pw')}` } })).status, 200);
    assert.equal(state.refreshed, 1);
  }));

test('a secret that others can read, an empty one and none at all refuse every hook', async () => {
  const file = join(folder, 'bad');
  await withMonitor({ secretFile: file }, async (send, state) => {
    const refused = async () => {
      const response = await send({ headers: { 'x-gitlab-token': '' }, body });
      assert.equal(response.status, 503);
      assert.match(await response.text(), /CONFIG_SECRET_FILE/);
    };
    await refused();
    await writeFile(file, '\n', { mode: 0o600 });
    await refused();
    await writeFile(file, 's3cret');
    await chmod(file, 0o644);
    await refused();
    assert.equal(state.refreshed, 0);
  });
});
