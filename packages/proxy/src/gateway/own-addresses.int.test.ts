import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { sendRaw } from '../testing/raw-client.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { things } from '../testing/test-contract.ts';

const session = { issuer: things, signIn: 'signIn' };

async function storefront(files: Readonly<Record<string, string>>) {
  const root = await mkdtemp(join(tmpdir(), 'dure-storefront-'));
  const folder = join(root, 'dist');
  await writeFile(join(root, 'secret.txt'), 'secret');
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return { folder, root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

const pages = {
  'index.html': '<!doctype html><title>shop</title>',
  'assets/app-B7f3kQ9x.js': 'export {}',
  'assets/app-B7f3kQ9x.js.br': 'brotli',
  'assets/app-B7f3kQ9x.js.gz': 'gzip',
  'assets/app-B7f3kQ9x.js.map': '{}',
  'icon.svg': '<svg/>',
  '.env': 'SECRET=1',
};

test('the document lists what is exposed and nothing else, and has an ETag', async () => {
  await using gateway = await openGateway({ exposes: [things], info: { title: 'shop', version: '2' } });
  const answer = await fetch(`${gateway.origin}/openapi.json`);
  const document = await answer.json();
  assert.equal(document.openapi, '3.1.0');
  assert.equal(document.info.title, 'shop');
  assert.ok('/things/{id}' in document.paths);
  assert.ok(!('/internal' in document.paths) && !('/scoped' in document.paths));
  const etag = answer.headers.get('etag') ?? '';
  const again = await fetch(`${gateway.origin}/openapi.json`, { headers: { 'if-none-match': `"x", W/${etag}` } });
  assert.deepEqual([again.status, await again.text()], [304, '']);
  const wrong = await fetch(`${gateway.origin}/openapi.json`, { method: 'POST' });
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD, OPTIONS']);
});

test('the storefront: its index, its assets, its own routes, and its headers', async () => {
  await using built = await storefront(pages);
  await using gateway = await openGateway({ exposes: [things], storefront: built.folder });
  const index = await fetch(`${gateway.origin}/`);
  assert.equal(await index.text(), pages['index.html']);
  assert.equal(index.headers.get('cache-control'), 'no-cache');
  assert.match(index.headers.get('content-security-policy') ?? '', /default-src 'self'.*frame-ancestors 'none'/);
  assert.equal(index.headers.get('x-content-type-options'), 'nosniff');
  const asset = await fetch(`${gateway.origin}/assets/app-B7f3kQ9x.js`, { headers: { 'accept-encoding': 'identity' } });
  assert.equal(asset.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(asset.headers.get('content-type'), 'text/javascript; charset=utf-8');
  assert.equal(asset.headers.get('vary'), 'accept-encoding');
  const page = await fetch(`${gateway.origin}/cart`, { headers: { accept: 'text/html,*/*' } });
  assert.equal(await page.text(), pages['index.html']);
  assert.equal((await fetch(`${gateway.origin}/cart`, { headers: { accept: 'application/json' } })).status, 404);
  assert.equal((await fetch(`${gateway.origin}/assets/gone.js`)).status, 404);
  assert.equal(
    (await fetch(`${gateway.origin}/cart`, { method: 'POST', headers: { accept: 'text/html' } })).status,
    404,
  );
});

test('compressed files are sent to whoever takes them', async () => {
  await using built = await storefront(pages);
  await using gateway = await openGateway({ exposes: [things], storefront: built.folder });
  const ask = (accepted: string) =>
    sendRaw(
      gateway.port,
      `GET /assets/app-B7f3kQ9x.js HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nAccept-Encoding: ${accepted}\r\n\r\n`,
    );
  assert.match(await ask('gzip, br'), /content-encoding: br\r\n[\s\S]*\r\n\r\nbrotli$/i);
  assert.match(await ask('gzip, br;q=0'), /content-encoding: gzip\r\n[\s\S]*\r\n\r\ngzip$/i);
  assert.match(await ask('identity'), /\r\n\r\nexport \{\}$/);
});

test('nothing outside the folder, hidden or not built to be served is sent', async () => {
  await using built = await storefront(pages);
  await symlink(join(built.root, 'secret.txt'), join(built.folder, 'link.txt'));
  await using gateway = await openGateway({ exposes: [things], storefront: built.folder });
  const targets = [
    ...['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/assets/../../secret.txt', '//secret.txt'],
    ...[
      '/.env',
      '/%2eenv',
      '/link.txt',
      '/assets/app-B7f3kQ9x.js.map',
      '/assets/app-B7f3kQ9x.js.br',
      '/assets',
      '/assets/',
    ],
    ...['/assets/..%5c..%5csecret.txt', '/secret.txt%00.js', '/dist/index.html', '/__proto__', '/index.html/'],
  ];
  for (const target of targets) {
    const answer = await sendRaw(gateway.port, `GET ${target} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 40[04] /, target);
    assert.doesNotMatch(answer, /secret|SECRET=1/, target);
  }
});

test('a folder that cannot be served stops the start and is named', async () => {
  await using built = await storefront({ 'readme.txt': 'x' });
  const code = 'GATEWAY_STOREFRONT_MISSING';
  await assert.rejects(openGateway({ exposes: [], storefront: built.folder }), { code, message: /no index\.html/ });
  await assert.rejects(openGateway({ exposes: [], storefront: '/nowhere/dist' }), { code, message: /nowhere\/dist/ });
});

test('sign-in turns the token into a cookie that the page cannot read', async () => {
  const exp = Math.floor(Date.now() / 1_000) + 3_600;
  const token = `h.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.s`;
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (sofar.endsWith('"wrong"}')) socket.write(plainAnswer('{"refusal":"WrongPassword"}', '409 Conflict'));
    else if (sofar.endsWith('"odd"}')) socket.write(plainAnswer('{"name":"Ann"}'));
    else if (sofar.endsWith('}')) socket.write(plainAnswer(`{"token":"${token}","name":"Ann"}`));
  });
  await using gateway = await openGateway({ exposes: [things.only('readThing')], session });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const signIn = (password: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${gateway.origin}/session`, { method: 'POST', body: `{"password":"${password}"}`, headers });
  const good = await signIn('right');
  assert.deepEqual([good.status, await good.json()], [200, { name: 'Ann' }]);
  assert.match(
    good.headers.get('set-cookie') ?? '',
    new RegExp(
      `^dure_session=${token.replaceAll('.', '\\.')}; Path=/; Max-Age=3(600|59\\d); HttpOnly; SameSite=Strict$`,
    ),
  );
  assert.equal(good.headers.get('cache-control'), 'no-store');
  assert.match(upstream.received[0] ?? '', /^POST \/sign-in HTTP\/1\.1\r\n/);
  const wrong = await signIn('wrong');
  assert.deepEqual(
    [wrong.status, wrong.headers.get('set-cookie'), await wrong.json()],
    [409, null, { refusal: 'WrongPassword' }],
  );
  const odd = await signIn('odd');
  assert.deepEqual([odd.status, (await odd.json()).code], [502, 'GATEWAY_SIGN_IN_ANSWER']);
  const forced = await signIn('right', { origin: 'http://evil.example' });
  assert.deepEqual([forced.status, (await forced.json()).code], [403, 'GATEWAY_CROSS_SITE']);
});

test('the session tells who is signed in, and ends', async () => {
  await using gateway = await openGateway({ exposes: [], session });
  const ask = (method: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${gateway.origin}/session`, { method, headers });
  assert.equal((await ask('GET')).status, 204);
  const ann = await ask('GET', { cookie: 'dure_session=ann+admin' });
  assert.deepEqual([ann.status, await ann.json()], [200, { subject: 'ann', roles: ['admin'] }]);
  const ended = await ask('GET', { cookie: 'dure_session=expired' });
  assert.deepEqual([ended.status, /Max-Age=0/.test(ended.headers.get('set-cookie') ?? '')], [204, true]);
  const out = await ask('DELETE', { cookie: 'dure_session=ann' });
  assert.deepEqual([out.status, /^dure_session=; .*Max-Age=0/.test(out.headers.get('set-cookie') ?? '')], [204, true]);
  assert.equal((await ask('DELETE', { cookie: 'dure_session=ann', origin: 'http://evil' })).status, 403);
  assert.deepEqual(
    [(await ask('PUT')).status, (await ask('PUT')).headers.get('allow')],
    [405, 'POST, GET, DELETE, OPTIONS'],
  );
});

test('without a session option there is no session', async () => {
  await using gateway = await openGateway({ exposes: [] });
  assert.equal((await fetch(`${gateway.origin}/session`)).status, 404);
});
