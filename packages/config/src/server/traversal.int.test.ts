import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startConfig } from '../testing/start-config.ts';

// Row E11: {application, profile, label, path} × spellings × {folder, links, links that are swapped while they are read}.
// Every file outside the root holds the mark; the asker is one who may read everything inside.

const mark = 'LEAKED-f3a9';
const parent = await mkdtemp(join(tmpdir(), 'dure-traversal-'));
const [root, outside] = [join(parent, 'config'), join(parent, 'config-outside')];
await mkdir(join(root, 'sub'), { recursive: true });
await mkdir(outside);
for (const folder of [parent, outside])
  for (const name of [
    'secret',
    'secret.txt',
    'secret.yml',
    'secret-dev.yml',
    'order.yml',
    'order-dev.yml',
    'application.yml',
  ])
    await writeFile(join(folder, name), `mark: ${mark}\n`);
await writeFile(join(root, 'order.yml'), 'inside: true\n');
await writeFile(join(root, 'sub', 'order.yml'), 'inside: sub\n');
await writeFile(join(root, 'inside.txt'), 'inside');
await symlink('../secret.yml', join(root, 'link.yml'));
await symlink(join(outside, 'secret.txt'), join(root, 'link.txt'));
await symlink('../config-outside', join(root, 'linked'));
await symlink('../linked', join(root, 'sub', 'twice'));

const running = await startConfig({ folder: root, readers: ['supervisor'] });
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
after(async () => {
  agent.destroy();
  await running.close();
  await rm(parent, { recursive: true });
});

/** Sends a path as it is: `fetch` would tidy it up. */
function ask(path: string, accept = '*/*'): Promise<{ readonly status: number; readonly text: string }> {
  const { hostname, port } = new URL(running.url);
  const headers = { authorization: 'Bearer supervisor', accept };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject).end();
  });
}

/** Asks for all, eight at a time; how many were answered with 200, and how many with the mark. */
async function askAll(
  paths: readonly string[],
): Promise<{ readonly found: number; readonly leaked: readonly string[] }> {
  const left = [...paths];
  const leaked: string[] = [];
  let found = 0;
  const asking = async () => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      const { status, text } = await ask(path, left.length % 2 === 0 ? '*/*' : 'application/octet-stream, */*;q=0.1');
      if (status === 200) found += 1;
      if (text.includes(mark)) leaked.push(path);
    }
  };
  await Promise.all(Array.from({ length: 8 }, asking));
  return { found, leaked };
}

const dots = [
  '..',
  '%2e%2e',
  '.%2E',
  '%252e%252e',
  '%25252e%25252e',
  '%c0%ae%c0%ae',
  '%e0%80%ae%e0%80%ae',
  '%u002e%u002e',
  '%ef%bc%8e%ef%bc%8e',
  '%e2%80%a4%e2%80%a4',
  '..%00',
  '..;',
  '..%20',
  '.%0a.',
  '...',
  '.',
];
const slashes = [
  '/',
  '%2f',
  '%2F',
  '%252f',
  '%5c',
  '%255c',
  '(_)',
  '%28_%29',
  '%c0%af',
  '%ef%bc%8f',
  '//',
  '/./',
  ';/',
];
const spellings = dots.flatMap((dot) => slashes.map((slash) => (name: string) => `${dot}${slash}${name}`));
const absolute = [
  (name: string) => `(_)${parent.replaceAll('/', '(_)')}(_)${name}`,
  (name: string) => `${parent.replaceAll('/', '%2f')}%2f${name}`,
  (name: string) => `file:${parent.replaceAll('/', '%2f')}%2f${name}`,
  (name: string) => `file:%2f%2f${parent.replaceAll('/', '(_)')}(_)${name}`,
];
const places: Readonly<Record<string, (spelt: (name: string) => string) => string>> = {
  application: (spelt) => `/${spelt('secret')}/default`,
  'application of a text': (spelt) => `/${spelt('secret')}-dev.yml`,
  profile: (spelt) => `/order/${spelt('secret')}`,
  'profile among others': (spelt) => `/order/dev,${spelt('secret')}/main`,
  label: (spelt) => `/order/dev/${spelt('config-outside')}`,
  'label among others': (spelt) => `/order/dev/main,${spelt('config-outside')}`,
  'label of a text': (spelt) => `/${spelt('config-outside')}/order-dev.yml`,
  path: (spelt) => `/order/default/main/${spelt('secret.txt')}`,
  'path further down': (spelt) => `/order/default/main/sub/${spelt(spelt('secret.txt'))}`,
  'path without a label': (spelt) => `/order/default/${spelt('secret.txt')}?useDefaultLabel`,
  'label of a path': (spelt) => `/order/default/${spelt('config-outside')}/secret.txt`,
  'profile of a path': (spelt) => `/order/${spelt('secret')}/main/x.txt`,
};

for (const [place, write] of Object.entries(places)) {
  const paths = [...spellings, ...absolute].map(write);
  test(`in the place of the ${place}, ${paths.length} spellings let 0 bytes out`, async () => {
    assert.deepEqual((await askAll(paths)).leaked, []);
  });
}

test('more than 2 500 combinations were asked for, and what lies inside is answered', async () => {
  assert.ok(Object.keys(places).length * (spellings.length + absolute.length) > 2_500);
  const { found } = await askAll([
    '/order/default',
    '/order-dev.yml',
    '/order/default/main/inside.txt',
    '/order/dev/sub',
  ]);
  assert.equal(found, 4);
});

test('links out of the folder let 0 bytes out, in every place and spelling', async () => {
  assert.match(await readFile(join(root, 'link.txt'), 'utf8'), new RegExp(mark));
  assert.match(await readFile(join(root, 'sub', 'twice', 'order.yml'), 'utf8'), new RegExp(mark));
  const forms = [
    '/link/default',
    '/link-default.yml',
    '/order/dev/linked',
    '/linked/order-dev.yml',
    '/order/dev/sub(_)twice',
  ];
  const files = ['link.txt', 'link.yml', 'linked/secret.txt', 'sub/twice/secret', 'linked(_)secret.yml'];
  const encode = (text: string, every: number) =>
    [...text]
      .map((letter, at) => (letter !== '/' && at % every === 0 ? `%${letter.charCodeAt(0).toString(16)}` : letter))
      .join('');
  const paths = [
    ...forms,
    ...files.flatMap((file) => ['main', 'linked', 'sub(_)twice'].map((label) => `/order/default/${label}/${file}`)),
  ].flatMap((path) => [path, ...Array.from({ length: 40 }, (_, index) => encode(path, index + 1))]);
  assert.ok(paths.length >= 500);
  assert.deepEqual((await askAll(paths)).leaked, []);
});

test('links that are swapped while they are read let 0 bytes out', async () => {
  let isOver = false;
  let swaps = 0;
  const put = async (target: string, name: string) => {
    await symlink(target, join(root, `${name}.new`));
    await rename(join(root, `${name}.new`), join(root, name));
  };
  const swapping = async () => {
    for (; swaps < 400; swaps += 1) {
      const isOut = swaps % 2 === 0;
      await put(isOut ? '../secret.txt' : 'inside.txt', 'flip.txt');
      await put(isOut ? '../order.yml' : 'order.yml', 'flip.yml');
      await put(isOut ? '../config-outside' : 'sub', 'flip');
    }
    isOver = true;
  };
  const counts = { found: 0, refused: 0, leaked: 0 };
  const reading = async (path: string) => {
    while (!isOver) {
      const { status, text } = await ask(path);
      if (text.includes(mark)) counts.leaked += 1;
      else if (status === 200) counts.found += 1;
      else counts.refused += 1;
    }
  };
  const paths = [
    '/order/default/main/flip.txt',
    '/flip/default',
    '/order/default/flip',
    '/order/default/main/flip/order.yml',
  ];
  await Promise.all([swapping(), ...paths.map(reading)]);
  assert.equal(counts.leaked, 0);
  assert.ok(counts.found > 50 && counts.refused > 5, JSON.stringify(counts));
});
