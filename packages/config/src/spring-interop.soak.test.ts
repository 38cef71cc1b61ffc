// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Spring’s placeholders, not JavaScript’s
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { systemClock, systemRandom } from '@dure/core';
import { buildJvm, startJvm, whyNoJvm } from '@dure/registry/testing';
import { z } from 'zod';
import { loadConfig } from './client/load-config.ts';
import { serverSource } from './client/server-source.ts';
import { startConfig } from './testing/start-config.ts';

// Spring Cloud Config's own client and server in a JVM, as they are, of two generations.

const skip = (await whyNoJvm()) ?? false;
/** `differs`: what this one answers otherwise than the newer one, which we follow. */
const generations: readonly Generation[] = [
  {
    boot: '3.5.7',
    cloud: '2025.0.0',
    differs: [
      '/orders/default/main/sub(_)f.txt',
      '/orders/none,dev/main/sub(_)f.txt',
      '/orders/-dev',
      '/orders/d$v',
      '/(_)x/dev',
    ],
  },
  { boot: '4.0.7', cloud: '2025.1.4', differs: [] },
];
interface Generation {
  readonly boot: string;
  readonly cloud: string;
  readonly differs: readonly string[];
}

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

/** The folder of a compiled project; undefined when the test had to be skipped. */
async function build(context: TestContext, project: string, { boot, cloud }: Generation): Promise<string | undefined> {
  const properties = { 'spring-boot.version': boot, 'spring-cloud.version': cloud };
  const built = await buildJvm(join(import.meta.dirname, 'testing', 'jvm', project), properties);
  if (typeof built === 'string') {
    context.skip(built);
    return undefined;
  }
  folders.push(built.folder);
  return built.folder;
}

async function filled(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-spring-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

for (const generation of generations) {
  test(`Spring Boot ${generation.boot} is configured by our server, sees an edit, and is refused what is not its own`, {
    skip,
  }, async (context) => {
    const program = await build(context, 'spring-client', generation);
    if (program === undefined) return;
    const folder = await filled({
      'application.yml': 'shop:\n  currency: KRW\nlines: 1\nfrom: shared\n',
      'orders.yml':
        'lines: 2\nhosts: [a, b]\nurl: http://${hosts[1]}/${shop.currency}\n---\nspring.config.activate.on-profile: dev\ndocument: dev\n',
      'application-dev.yml': 'lines: 3\nfrom: dev\n',
      'orders-dev.properties': 'lines=4\n',
      'payment.yml': 'key: s3cret\n',
    });
    await using server = await startConfig({
      folder,
      applications: ['orders', 'payment'],
      overrides: { region: 'eu' },
    });
    const options = (name: string) => [
      `-Dspring.application.name=${name}`,
      '-Dspring.profiles.active=dev',
      `-Dspring.config.import=configserver:${server.url}`,
      '-Dspring.cloud.config.username=orders',
      '-Dspring.cloud.config.password=x',
    ];
    await using running = await startJvm(program, 'dure.ConfigProgram', ...options('orders'));
    const expected = { lines: '4', from: 'dev', document: 'dev', 'hosts[1]': 'b', url: 'http://b/KRW', region: 'eu' };
    for (const [key, value] of Object.entries(expected)) assert.equal(await running.ask(`get ${key}`), value, key);
    assert.match(await running.ask('sources'), /configserver:file:orders-dev\.properties.*configserver:overrides/);
    await writeFile(join(folder, 'orders-dev.properties'), 'lines=5\n');
    assert.match(await running.ask('refresh'), /^\[.*\blines\b.*\]$/);
    assert.equal(await running.ask('get lines'), '5');
    await running.end();
    await assert.rejects(startJvm(program, 'dure.ConfigProgram', ...options('payment')), /403/);
  });
}

const files = {
  'application.yml':
    'shop:\n  currency: KRW\napp:\n  debug: no\n  oct: 010\n  sexa: 1:30\n  date: 2026-01-02\n  nothing: ~\n  list: []\n  map: {}\n  quoted: "yes"\n  text: "a\\nb"\n',
  'orders.yml':
    'lines: 50\nlist: [a, {b: c}, [1, 2]]\n---\nspring.config.activate.on-profile: dev & !test\nlines: 12\n---\nspring.config.activate.on-profile: [test, prod]\nlines: 99\n',
  'orders-dev.properties':
    'lines=10\nlogging.level.org=INFO\nlogging.level.org.x=DEBUG\nkey\\ with\\ space=v\nuni=caf\\u00e9\n#---\nsecond=doc\n',
  'application-dev.yaml': 'list: [z]\n',
  'holders.yml':
    'x: X\na: ${x}\nc: ${nobody:d}\nd: ${nobody}\ne: \\${x}\nf: ${nobody:${x}}\ng: ${${h}}\nh: x\ni: ${x}{x}\nk: \\${a${x}}\nm: [~, "${x}"]\n',
  'stock.yml': 'lines: 7\nhosts: [a, b]\n',
  'v2/orders.yml': 'lines: 11\n',
  'v2/only.txt': 'only\n',
  'l1/orders.yml': 'label: l1\n',
  'l2/orders-dev.yml': 'label: l2\n',
  'nginx.conf': 'server ${shop.currency} \\${x} ${nobody:é};\n',
  'nginx-dev.conf': 'dev\n',
  'sub/f.txt': 'sub\n',
};
const v2 = 'application/vnd.spring-cloud.config-server.v2+json';
const requests: readonly (readonly [string, Record<string, string>?])[] = [
  ...['dev', 'default', 'dev,test', 'prod,dev', 'dev-x', 'none'].map((profiles) => [`/orders/${profiles}`] as const),
  ...['/orders/dev/v2', '/orders/dev/l1,l2', '/orders/dev/none', '/nobody/dev', '/orders,holders/dev'].map(
    (path) => [path] as const,
  ),
  ...['properties', 'yml', 'yaml', 'json'].flatMap((format) =>
    ['/orders-dev', '/v2/orders-dev', '/holders-default', '/orders-dev,test', '/orders-dev-x'].map(
      (stem) => [`${stem}.${format}`] as const,
    ),
  ),
  ['/holders-default.json?resolvePlaceholders=off'],
  ['/holders-default.properties?resolvePlaceholders='],
  ['/holders-default.yml?resolvePlaceholders=perhaps'],
  ...[
    'main/nginx.conf',
    'v2/nginx.conf',
    'v2/only.txt',
    'main/sub/f.txt',
    'main/sub(_)f.txt',
    'main/none',
    'main/',
    'nginx.conf?useDefaultLabel',
  ].flatMap((path) => [[`/orders/default/${path}`] as const, [`/orders/none,dev/${path}`] as const]),
  ['/orders/default/main/nginx.conf', { accept: 'application/octet-stream' }],
  ['/orders/default/main/nginx.conf', { 'accept-charset': 'iso-8859-1' }],
  ['/orders/default/main/sub/f.txt', { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }],
  ['/orders/dev', { accept: v2 }],
  ['/orders/dev', { accept: `application/json;q=0.5, ${v2};q=0.4` }],
  ['/orders/dev', { accept: 'text/plain' }],
  ...[
    '/orders',
    '/orders.yml',
    '/orders/dev/',
    '/orders/dev.yml',
    '/orders/dev.json/main',
    '/orders/-dev',
    '/orders/d$v',
    '/(_)x/dev',
    '/orders/dev/a..b',
    '/orders/dev/a%23b',
  ].map((path) => [path] as const),
];

for (const generation of generations) {
  test(`our server answers ${requests.length} requests as Spring Cloud Config ${generation.cloud} does, and our client reads from that`, {
    skip,
  }, async (context) => {
    const program = await build(context, 'spring-server', generation);
    if (program === undefined) return;
    const folder = await filled(files);
    await using spring = await startJvm(
      program,
      'dure.ConfigServer',
      '-Dserver.port=0',
      '-Dserver.address=127.0.0.1',
      '-Dspring.profiles.active=native',
      `-Dspring.cloud.config.server.native.search-locations=file:${folder}/`,
      '-Dspring.cloud.config.server.overrides.ops.region=eu',
    );
    await using ours = await startConfig({ folder, readers: ['all'], overrides: { 'ops.region': 'eu' } });
    const springUrl = `http://127.0.0.1:${spring.ready}`;
    const ask = async (url: string, path: string, headers: Record<string, string> = {}) => {
      const response = await fetch(url + path, { headers: { authorization: 'Bearer all', accept: '*/*', ...headers } });
      const text = await response.text();
      const type = response.headers.get('content-type')?.replace(/;\s*charset=utf-8$/i, '');
      const name = text.replaceAll(`${folder}/`, '').replaceAll(/via location 'file:[^']*'/g, "via location 'file:'");
      return response.ok
        ? { status: 200, type, text: name.replaceAll(/"origin":"[^"]*"/g, '"origin":""') }
        : { status: response.status };
    };
    const differing: unknown[] = [];
    for (const [path, headers] of requests) {
      const [own, theirs] = [await ask(ours.url, path, headers), await ask(springUrl, path, headers)];
      if (!isDeepStrictEqual(own, theirs) && !generation.differs.includes(path))
        differing.push({ path, headers, ours: own, spring: theirs });
    }
    assert.deepEqual(differing, []);

    const schema = z.object({ lines: z.int(), hosts: z.array(z.string()) });
    const signer = { authorize: async () => 'Bearer nobody' };
    const source = serverSource({ url: springUrl, signer, clock: systemClock, random: systemRandom });
    const { value, explain } = await loadConfig({ schema, service: 'stock', profiles: ['dev'], sources: [source] });
    assert.deepEqual(value, { lines: 7, hosts: ['a', 'b'] });
    assert.equal(explain().find(({ key }) => key === 'lines')?.layer, 'server');
    await spring.end();
  });
}
