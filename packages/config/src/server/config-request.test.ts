import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@dure/core';
import { readConfigPath } from './config-request.ts';

test('the forms of Spring’s config server are understood', () => {
  const environment = readConfigPath('/order/dev,cloud/main?x=y');
  assert.deepEqual(environment, {
    kind: 'environment',
    target: {
      names: ['order'],
      profiles: ['dev', 'cloud'],
      label: 'main',
      raw: { name: 'order', profiles: 'dev,cloud' },
    },
  });
  assert.deepEqual(readConfigPath('/a,b/default')?.target.names, ['a', 'b']);
  assert.equal(readConfigPath('/order/dev/feature(_)x')?.target.label, 'feature/x');
  for (const format of ['yml', 'yaml', 'json', 'properties']) {
    const text = readConfigPath(`/my-order-dev.${format}`);
    assert.deepEqual([text?.kind, text?.target.names, text?.target.profiles], ['text', ['my-order'], ['dev']]);
    assert.equal(readConfigPath(`/main/my-order-dev.${format}`)?.target.label, 'main');
  }
});

/** What a path asks for: 400 for a bad name, 404 for no form of ours. */
function asked(path: string) {
  try {
    return readConfigPath(path) ?? 404;
  } catch (error) {
    assert.equal(codeOf(error), 'CONFIG_REQUEST_INVALID');
    return 400;
  }
}

test('a resource has a path below its label, or below none', () => {
  const resource = (path: string) => {
    const found = asked(path);
    return typeof found === 'object' && found.kind === 'resource' ? [found.target.label, found.path] : found;
  };
  assert.deepEqual(resource('/order/dev/main/conf/nginx.conf'), ['main', 'conf/nginx.conf']);
  assert.deepEqual(resource('/order/dev/main/conf(_)nginx.conf'), ['main', 'conf/nginx.conf']);
  assert.deepEqual(resource('/order/dev/nginx.conf?useDefaultLabel'), [undefined, 'nginx.conf']);
  assert.deepEqual(resource('/order/dev/conf(_)x.txt?a=b&useDefaultLabel=false'), [undefined, 'conf/x.txt']);
  assert.deepEqual(resource('/order/dev/main/x.txt?useDefaultLabel'), ['main', 'x.txt']);
  assert.deepEqual(resource('/order/dev/main/%EC%84%A4%EC%A0%95.txt'), ['main', '설정.txt']);
});

// What Spring Cloud Config Server 5.0.6 answers to the same paths.
const spring: readonly [string, number | string][] = [
  ['/order', 404],
  ['/order.yml', 404],
  ['/order/dev.yml', 404],
  ['/order/dev.json/main', 'environment'],
  ['/main/order-dev.xml', 'environment'],
  ['/order/dev/', 404],
  ['/order/dev/main/', 404],
  ['/order-dev.yml/', 404],
  ['/order-dev-x.yml', 'text'],
  ['/order/-dev', 400],
  ['/order/dev-', 400],
  ['/order/d$ev', 400],
  ['/order/,dev', 400],
  ['/(_)x/dev', 400],
  ['/order/dev/(_)x', 400],
  ['/order/dev/a..b', 400],
  ['/order/a..b', 400],
  ['/order/dev/a%23b', 400],
];

for (const [path, expected] of spring) {
  test(`${path} is ${expected}, as in Spring’s server`, () => {
    const found = asked(path);
    assert.equal(typeof found === 'object' ? found.kind : found, expected);
  });
}

test('a name, a label and a list of labels may have slashes, written as Spring’s clients write them', () => {
  const found = asked('/team(_)order/dev/feature(_)x,main');
  assert.ok(typeof found === 'object');
  assert.deepEqual([found.target.names, found.target.label], [['team/order'], 'feature/x,main']);
});

const escapes = [
  '..',
  '../..',
  '..%2f..',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%5c..',
  '..%252f..',
  '%252e%252e',
  '%c0%ae%c0%ae',
  '%e0%80%ae',
  '..%00',
  'a%00.yml',
  '(_)..(_)..',
  '(_)etc',
  '..(_)',
  'a..b',
  '.hidden',
  '%2e',
  '%2fetc%2fpasswd',
  'a%2fb',
  'a%5cb',
  'C:%5cwindows',
  '~root',
  'a;b',
  'a%0d%0ab',
  '%24%7buser.home%7d',
  '#{1+1}',
  '%23',
  'a%20b',
  'file:%2f%2f%2fetc',
  'http:%2f%2f169.254.169.254',
  '*',
  '%ff',
  '%',
  '',
  ',',
  'a,..',
  'a,',
  'x'.repeat(200),
  Array.from({ length: 11 }, (_, index) => `p${index}`).join(','),
];
const positions = [
  (x: string) => `/${x}/dev`,
  (x: string) => `/order/${x}`,
  (x: string) => `/order/dev/${x}`,
  (x: string) => `/${x}-dev.yml`,
  (x: string) => `/${x}/order-dev.json`,
  (x: string) => `/order/dev/main/${x}`,
  (x: string) => `/order/dev/main/conf/${x}/x.txt`,
  (x: string) => `/order/dev/${x}?useDefaultLabel`,
];

test(`no path leaves the folder, in ${escapes.length} spellings at ${positions.length} places`, () => {
  let refused = 0;
  for (const path of positions.flatMap((position) => escapes.map(position))) {
    const found = asked(path);
    if (typeof found === 'number') {
      refused += 1;
      continue;
    }
    const { names, profiles, label = '' } = found.target;
    const more = found.kind === 'resource' ? found.path.split('/') : [];
    for (const part of [...names, ...profiles, ...label.split(/[,/]/), ...more]) {
      assert.match(part, /^$|^[A-Za-z0-9_@+][A-Za-z0-9_.@+ (),=~-]*$/, path);
      assert.ok(!part.includes('..'), path);
    }
  }
  assert.ok(refused >= 290, `${refused} were refused`);
});

test('lists and paths that are too long, and paths of no form, are refused', () => {
  for (const path of ['/', '', '//', '/-dev.yml', '/order//main']) assert.equal(asked(path), 404, path);
  for (const path of [`/a${',a'.repeat(10)}/dev`, `/a/dev/main${'/x'.repeat(21)}`]) assert.equal(asked(path), 400);
});
