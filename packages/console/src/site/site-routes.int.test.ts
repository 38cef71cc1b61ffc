import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { runConsole } from '../testing/run-console.ts';

const trace = '7c1d02e94ab85f3160d2c7f4b1e8a935';
const shared = await runConsole();
const cookie = await shared.signIn();
after(() => shared[Symbol.asyncDispose]());

test('nothing but health opens without a session or a token', async () => {
  for (const path of [
    '/',
    '/traces',
    '/index.html',
    '/assets/x.js',
    '/api/services',
    '/api/traces',
    '/api/logs/tail',
    '/api/v2/services',
    `/api/v2/trace/${trace}`,
  ]) {
    assert.equal(await shared.status(path), 401, path);
    assert.equal(await shared.status(path, { cookie: 'dure_console=9999999999999.forged' }), 401, path);
  }
  for (const path of ['/v1/traces', '/v1/logs', '/v1/metrics', '/api/v2/spans']) {
    const response = await fetch(shared.base + path, { method: 'POST', body: '{}', headers: cookie });
    assert.equal(response.status, 401, `${path}: a session is no right to write`);
  }
  assert.equal((await fetch(`${shared.managementBase}/actuator/health`)).status, 200);
  assert.equal((await fetch(`${shared.managementBase}/actuator/console/token`, { method: 'POST' })).status, 401);
});

test('what is refused says why, by its code', async () => {
  const codeAt = async (path: string, headers: Readonly<Record<string, string>>) =>
    ((await (await fetch(shared.base + path, { headers })).json()) as { code: string }).code;
  assert.equal(await codeAt('/api/services', {}), 'CONSOLE_SIGN_IN');
  assert.equal(await codeAt('/api/none', cookie), 'CONSOLE_NOT_FOUND');
});

test('a token opens a session once, and a fresh one can be minted', async () => {
  await using own = await runConsole({ token: 'first' });
  const open = (token: string) => fetch(`${own.base}/traces?token=${token}&service=order`, { redirect: 'manual' });
  const first = await open('first');
  assert.equal(first.status, 303);
  assert.equal(first.headers.get('location'), '/traces?service=order');
  assert.match(
    first.headers.get('set-cookie') ?? '',
    /^dure_console=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  );
  const again = await open('first');
  assert.equal(again.status, 401);
  assert.match(await again.text(), /dure status/);
  assert.equal((await open('')).status, 401);
  const minting = await fetch(`${own.managementBase}/actuator/console/token`, {
    method: 'POST',
    headers: own.asService,
  });
  const { token } = (await minting.json()) as { token: string };
  assert.equal((await open(token)).status, 303);
  assert.equal((await open(token)).status, 401);
});

test('a session and a spent token outlive a restart', async () => {
  const stateFolder = mkdtempSync(join(tmpdir(), 'dure-console-restart-'));
  const first = await runConsole({ stateFolder });
  const session = await first.signIn();
  await first[Symbol.asyncDispose]();
  await using second = await runConsole({ stateFolder });
  assert.equal((await fetch(`${second.base}/api/services`, { headers: session })).status, 200);
  assert.equal((await fetch(`${second.base}/?token=once`, { redirect: 'manual' })).status, 401);
  rmSync(stateFolder, { recursive: true });
});

test('a browser that was led here by a name of others is turned away', async () => {
  const ask = (host: string) =>
    new Promise<string>((resolve, reject) => {
      const { port } = new URL(shared.base);
      const headers = { host, ...cookie };
      const asked = httpRequest({ port, host: '127.0.0.1', path: '/api/services', headers }, async (answer) => {
        const { code = '' } = JSON.parse(await text(answer)) as { code?: string };
        resolve(`${answer.statusCode} ${code}`);
      });
      asked.on('error', reject).end();
    });
  for (const host of ['127.0.0.1:9411', 'localhost:9411', '[::1]:9411']) assert.equal(await ask(host), '200 ', host);
  for (const host of ['evil.example', 'localhost.evil.example:9411', '127.0.0.1.evil.example']) {
    assert.equal(await ask(host), '403 CONSOLE_HOST', host);
  }
});

test('a link on another site leads in by a page of our own', async () => {
  await using own = await runConsole();
  const response = await fetch(`${own.base}/?token=once`, {
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'cross-site' },
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('refresh'), '0; url=/');
});

test('the way back after signing in never leads elsewhere', async () => {
  await using own = await runConsole();
  const response = await fetch(`${own.base}//evil.example/?token=once`, { redirect: 'manual' });
  assert.equal(new URL(response.headers.get('location') ?? '/', own.base).origin, new URL(own.base).origin);
});

test('the pages are served with a strict policy, and every path is a page', async () => {
  const page = await fetch(`${shared.base}/traces/${trace}`, { headers: cookie });
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/);
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  const html = await page.text();
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
  const asset = await fetch(shared.base + script, { headers: cookie });
  assert.equal(asset.headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.match(asset.headers.get('cache-control') ?? '', /immutable/);
  await asset.arrayBuffer();
  for (const path of ['/assets/none.js', '/api/none', '/v1/traces', '/..%2f..%2fpackage.json', '/.sources']) {
    assert.equal(await shared.status(path, cookie), 404, path);
  }
});
