import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymous } from '@dure/core';
import { fakeClock, testCall } from '@dure/core/testing';
import { registryCluster } from '../testing/registry-cluster.ts';
import { wordsFor } from './page-words.ts';
import { pageRoutes } from './registry-page.ts';

async function open(page: 'open' | 'credentials' = 'open') {
  const clock = fakeClock(1_700_000_000_000);
  const cluster = registryCluster(clock, ['a', 'b']);
  const node = cluster.nodes[0] ?? assert.fail();
  const { registry, watch, otherRegistries } = node.parts;
  const [route, last] = pageRoutes({
    registry,
    liveness: (process) => watch.liveness(process),
    peers: () => otherRegistries.all,
    clock,
    page,
  });
  assert.ok(route && last);
  const get = async (headers: Readonly<Record<string, string>>, identity = anonymous, from = route) => {
    const request = {
      method: 'GET',
      url: '/',
      params: {},
      query: new URLSearchParams(),
      body: new Uint8Array(),
    } as const;
    return from.handle({ ...request, headers: { host: '127.0.0.1:8761', ...headers } }, testCall({ identity }));
  };
  return { node, cluster, clock, route, last, get };
}

test('the page names every instance and explains its state, in the reader’s language', async () => {
  const { node, cluster, get } = await open();
  assert.match(String((await get({})).body), /Nobody has registered yet/);
  await node.register('s1');
  const english = String((await get({ 'accept-language': 'de, en;q=0.8' })).body);
  assert.match(english, /lang="en".*1 instance<.*<code>s1<\/code>.*127\.0\.0\.1:1<.*<code>UP<\/code>.*takes calls/s);
  const korean = String((await get({ 'accept-language': 'ko-KR,ko;q=0.9,en;q=0.8' })).body);
  assert.match(korean, /lang="ko".*인스턴스 1개.*<code>s1<\/code>.*호출을 받습니다/s);
  assert.doesNotMatch(korean, /Registered|State</);
  cluster.close();
});

test('what an instance says of itself is text, never markup; nothing is loaded from elsewhere', async () => {
  const { node, cluster, get } = await open();
  await node.register('<script>alert(1)</script>', { hostName: '"><img src=x>' });
  const answer = await get({});
  const body = String(answer.body);
  assert.doesNotMatch(body, /<script|<img/);
  assert.match(body, /&lt;script&gt;/);
  assert.doesNotMatch(body, /<[^>]*(src|href)=/);
  assert.match(String(answer.headers?.['content-security-policy']), /default-src 'none'; style-src 'sha256-/);
  cluster.close();
});

test('a stranger’s name that points here gets nothing; a service may use any', async () => {
  const { cluster, get } = await open();
  assert.equal((await get({ host: 'evil.example' })).status, 421);
  for (const host of ['localhost:8761', '[::1]:8761', '10.0.0.1'])
    assert.equal((await get({ host })).status, 200, host);
  const service = { kind: 'service', subject: 'order', roles: [], scopes: [] } as const;
  assert.equal((await get({ host: 'registry.internal' }, service)).status, 200);
  cluster.close();
});

test('the last page names who came and who went, the newest first, a thousand at most', async () => {
  const { node, cluster, clock, last, get } = await open();
  assert.equal(last.path, '/lastn');
  await node.register('<b>');
  await clock.advance(1_000);
  for (let round = 0; round < 1_001; round += 1) await node.register('s1');
  await node.cancel('s1');
  const page = String((await get({}, anonymous, last)).body);
  assert.equal(page.split('STOCK(s1)').length - 1, 1_001, 'a thousand that came, and one that went');
  assert.doesNotMatch(page, /&lt;b&gt;/, 'the oldest is forgotten');
  assert.match(page, /The last registrations.*2023-11-14 22:13:21.*STOCK\(s1\).*removed.*STOCK\(s1\)/s);
  await node.register('<b>');
  const korean = String((await get({ 'accept-language': 'ko' }, anonymous, last)).body);
  assert.match(korean, /최근 등록된 인스턴스.*22:13:21.*STOCK\(&lt;b&gt;\).*STOCK\(s1\)/s);
  assert.equal((await get({ host: 'evil.example' }, anonymous, last)).status, 421);
  cluster.close();
});

test('with `credentials` the page is for services only', async () => {
  const { cluster, route } = await open('credentials');
  assert.equal(route.access, 'service');
  cluster.close();
});

test('the language is the one that is wanted most of those there are', () => {
  for (const [header, language] of [
    ['', 'en'],
    ['*', 'en'],
    ['ko', 'ko'],
    ['en;q=0.3, ko;q=0.4', 'ko'],
    ['en, ko', 'en'],
    ['ko;q=0, en;q=0.1', 'en'],
    ['fr', 'en'],
  ] as const)
    assert.equal(wordsFor(header).language, language, header);
});
