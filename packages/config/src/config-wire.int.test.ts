// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Spring’s placeholders, not JavaScript’s
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { ConfigServiceOptions } from './server/config-service.ts';
import { startConfig } from './testing/start-config.ts';

const files = {
  'application.yml': 'shop:\n  currency: KRW\n',
  'order.yml': 'max-lines: 50\n',
  'order-dev.yml': 'max-lines: 10\n',
  'payment.yml': 'api-key: s3cret\n',
  'nginx.conf': 'server ${shop.currency} \\${host} ${nobody:8080};\n',
  'nginx-dev.conf': 'dev\n',
  'order/logo.bin': Buffer.from([0, 255, 1, 254]),
  'payment/store.jks': 'keys',
  'payment-ca.pem': 'pem',
  'page.html': '<script>alert(1)</script>',
  'v2/nginx.conf': 'v2\n',
  'v2/only.txt': 'only in v2\n',
};
const changedAt = 'Fri, 02 Jan 2026 03:04:05 GMT';

interface Asking {
  readonly as?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}
type Ask = (path: string, asking?: Asking) => Promise<{ status: number; text: string; headers: Headers }>;

async function withConfig(
  use: (ask: Ask, folder: string) => Promise<void>,
  more: ConfigServiceOptions = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-wire-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
    await utimes(join(folder, name), new Date(changedAt), new Date(changedAt));
  }
  const running = await startConfig({ folder, applications: ['order', 'payment'], readers: ['supervisor'], ...more });
  try {
    await use(async (path, { as = 'order', method = 'GET', headers = {} } = {}) => {
      const authorization = `Basic ${btoa(`${as}:password`)}`;
      const response = await fetch(running.url + path, { method, headers: { authorization, ...headers } });
      return { status: response.status, text: await response.text(), headers: response.headers };
    }, folder);
  } finally {
    await running.close();
    await rm(folder, { recursive: true });
  }
}

test('a resource is the file of the first profile that has one, its placeholders resolved by the configuration', () =>
  withConfig(async (ask) => {
    const text = async (path: string) => (await ask(path)).text;
    assert.equal(await text('/order/default/main/nginx.conf'), 'server KRW ${host} 8080;\n');
    assert.equal(await text('/order/default/main/nginx.conf?resolvePlaceholders=false'), files['nginx.conf']);
    assert.equal(await text('/order/dev/main/nginx.conf'), 'dev\n');
    assert.equal(await text('/order/none,dev/nginx.conf?useDefaultLabel'), 'dev\n');
    assert.equal(await text('/order/default,dev/main/nginx.conf'), 'server KRW ${host} 8080;\n');
    assert.equal(await text('/order/default/v2/only.txt'), 'only in v2\n');
    assert.equal(await text('/order/default/v2/nginx.conf'), 'server KRW ${host} 8080;\n', 'the folder comes first');
  }));

test('a resource is bytes for those who ask so, and never a page', () =>
  withConfig(async (ask) => {
    const bytes = await ask('/order/default/main/order/logo.bin', { headers: { accept: 'application/octet-stream' } });
    assert.deepEqual(
      [bytes.headers.get('content-type'), bytes.headers.get('content-length')],
      ['application/octet-stream', '4'],
    );
    const page = await ask('/order/default/main/page.html', { headers: { accept: 'text/html' } });
    assert.equal(page.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    const latin = await ask('/order/default/main/order/logo.bin', { headers: { 'accept-charset': 'iso-8859-1' } });
    assert.equal(latin.text, '\u0000ÿ\u0001þ');
  }));

test('a resource that the asker has is 304, by its date or by its tag', () =>
  withConfig(async (ask, folder) => {
    const path = '/order/default/main/page.html';
    const first = await ask(path);
    assert.equal(first.headers.get('last-modified'), changedAt);
    const again = (headers: Record<string, string>) => ask(path, { headers });
    assert.equal((await again({ 'if-modified-since': changedAt })).status, 304);
    assert.equal((await again({ 'if-modified-since': 'Fri, 02 Jan 2026 03:04:04 GMT' })).status, 200);
    const tag = first.headers.get('etag') ?? '';
    assert.equal((await again({ 'if-none-match': `"other", W/${tag}` })).status, 304);
    assert.equal((await again({ 'if-none-match': '"other"', 'if-modified-since': changedAt })).status, 200);
    await writeFile(join(folder, 'page.html'), 'other');
    assert.equal((await again({ 'if-none-match': tag })).status, 200);
    const resolved = await ask('/order/default/main/nginx.conf');
    assert.equal(resolved.headers.get('last-modified'), null, 'its text depends on more than the file');
  }));

test('what is another application’s is answered as if it were not there, whether or not it is', () =>
  withConfig(async (ask) => {
    const same = async (paths: readonly string[], status: number, as = 'order') => {
      const bodies = new Set<string>();
      for (const path of paths) {
        const answer = await ask(path, { as });
        assert.equal(answer.status, status, path);
        bodies.add(answer.text.replace(/"traceId":"[^"]*"/, ''));
      }
      assert.equal(bodies.size, 1, [...bodies].join('\n'));
    };
    await same(['/payment/default', '/nobody/default', '/payment-default.yml', '/nobody/dev/main/x.txt'], 403);
    const main = '/order/default/main';
    await same(
      [
        `${main}/payment.yml`,
        `${main}/nobody.yml`,
        `${main}/payment/store.jks`,
        `${main}/nobody/x.jks`,
        `${main}/payment-ca.pem`,
        '/order/ca/main/payment.pem',
        '/order/default/payment/store.jks',
      ],
      404,
    );
    assert.equal((await ask('/order/default/main/payment-ca.pem', { as: 'supervisor' })).text, 'pem');
    assert.equal((await ask('/payment/default/main/payment.yml', { as: 'payment' })).text, files['payment.yml']);
    assert.equal((await ask('/order/dev/main/order.yml')).text, files['order-dev.yml']);
  }));

test('an Environment has a tag, by which the asker who has it gets 304 until a file changes', () =>
  withConfig(async (ask, folder) => {
    const accept = 'application/vnd.spring-cloud.config-server.v2+json';
    const tagOf = async (headers: Record<string, string> = {}) =>
      (await ask('/order/dev', { headers })).headers.get('etag') ?? '';
    const tag = await tagOf();
    assert.match(tag, /^"[\w-]{27}"$/);
    assert.notEqual(await tagOf({ accept }), tag, 'another type is another answer');
    const again = () => ask('/order/dev', { headers: { 'if-none-match': tag } });
    assert.deepEqual([(await again()).status, (await again()).text], [304, '']);
    await writeFile(join(folder, 'order-dev.yml'), 'max-lines: 11\n');
    assert.equal((await again()).status, 200);
    await writeFile(join(folder, 'order-dev.yml'), 'max-lines: 10\n');
    assert.equal((await again()).status, 304, 'it is what it was');
    await writeFile(join(folder, 'application-dev.yml'), 'new: 1\n');
    assert.equal((await again()).status, 200);
  }));

test('HEAD is answered without a body, other methods and types are refused as in Spring’s server', () =>
  withConfig(async (ask) => {
    for (const path of ['/order/dev', '/order-dev.yml', '/order/default/main/page.html']) {
      const [get, head] = [await ask(path), await ask(path, { method: 'HEAD' })];
      assert.deepEqual([head.status, head.text], [200, '']);
      for (const name of ['content-type', 'content-length', 'etag'])
        assert.equal(head.headers.get(name), get.headers.get(name), `${name} of ${path}`);
    }
    assert.equal((await ask('/order/dev', { method: 'DELETE' })).status, 405);
    const status = async (accept: string, path = '/order/dev') => (await ask(path, { headers: { accept } })).status;
    assert.equal(await status('text/plain'), 406);
    assert.equal(await status('application/json;q=0'), 406);
    assert.equal(await status('text/plain, */*;q=0.1'), 200);
    assert.equal(await status('application/xml', '/order-dev.yml'), 200);
    assert.equal((await ask('/order-dev.yml?resolvePlaceholders=perhaps')).status, 400);
    assert.match((await ask('/order/-dev')).text, /CONFIG_REQUEST_INVALID/);
  }));

test('the type that an asker likes best is chosen', () =>
  withConfig(async (ask) => {
    const v2 = 'application/vnd.spring-cloud.config-server.v2+json';
    const hasOrigin = async (accept: string) =>
      (await ask('/order/dev', { headers: { accept } })).text.includes('"origin"');
    assert.equal(await hasOrigin(v2), true);
    assert.equal(await hasOrigin(`${v2}, application/json`), true);
    assert.equal(await hasOrigin(`application/json;q=0.5, ${v2};q=0.4`), false);
    assert.equal(await hasOrigin('application/*'), false);
  }));

test('overrides come before everything, for applications that nobody knows too', () =>
  withConfig(
    async (ask) => {
      const { propertySources } = JSON.parse((await ask('/order/dev')).text);
      assert.deepEqual(propertySources[0], { name: 'overrides', source: { 'max-lines': 7, 'ops.region': 'eu' } });
      assert.equal((await ask('/order-dev.properties')).text, 'shop.currency: KRW\nmax-lines: 7\nops.region: eu');
      assert.match((await ask('/nobody/default', { as: 'nobody' })).text, /"ops\.region":"eu"/);
    },
    { overrides: { 'max-lines': 7, 'ops.region': 'eu' } },
  ));

test('of several labels the first comes first, and an unknown one is passed over', () =>
  withConfig(async (ask, folder) => {
    for (const label of ['l1', 'l2']) {
      await mkdir(join(folder, label));
      await writeFile(join(folder, label, 'order.yml'), `label: ${label}\n`);
    }
    const { label, propertySources } = JSON.parse((await ask('/order/default/l1,l2,l3')).text);
    assert.equal(label, 'l1,l2,l3');
    assert.deepEqual(
      propertySources.map(({ name }: { name: string }) => name),
      ['file:l1/order.yml', 'file:l2/order.yml', 'file:order.yml', 'file:application.yml'],
    );
  }));

test('files made to harm cost an answer at most, and what was good before them stays', () =>
  withConfig(async (ask, folder) => {
    await writeFile(join(folder, 'application.yml'), '__proto__:\n  polluted: 1\nconstructor.prototype.polluted: 1\n');
    const environment = JSON.parse((await ask('/order/default')).text);
    assert.deepEqual(Object.keys(environment.propertySources[1].source), [
      '__proto__.polluted',
      'constructor.prototype.polluted',
    ]);
    assert.match((await ask('/order-default.json')).text, /"__proto__":\{"polluted":1\}/);
    assert.match((await ask('/order-default.yml')).text, /^__proto__:\n {2}polluted: 1\n/);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    const harmful = {
      deep: `a: ${'['.repeat(50_000)}`,
      twice: 'a: 1\na: 2\n',
      large: `a: ${'x'.repeat(2 ** 20)}`,
      bomb: `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n`,
    };
    // As a whole: the server looks at the files on its own account, too, and half of the large one is a good one.
    const replace = async (file: string, text: string) => {
      await writeFile(join(folder, `${file}.new`), text);
      await rename(join(folder, `${file}.new`), join(folder, file));
    };
    for (const [name, text] of Object.entries(harmful)) {
      await replace('order.yml', text);
      const { status, headers, text: answer } = await ask('/order/default');
      assert.equal(status, 200, name);
      assert.match(headers.get('dure-config-stale') ?? '', /^order\.yml:\d+:\d+$/, name);
      assert.match(answer, /"max-lines":50/, name);
      await replace('nobody.yml', text);
      assert.equal((await ask('/nobody/default', { as: 'nobody' })).status, 503, `${name}, never good before`);
    }
    await writeFile(join(folder, 'order.yml'), `${'a.'.repeat(505)}b: 1\n`);
    assert.deepEqual([(await ask('/order-default.yml')).status, (await ask('/order/default')).status], [400, 200]);
  }));
