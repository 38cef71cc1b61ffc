import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigPath } from './config-request.ts';

test('the forms of Spring’s config server are understood', () => {
  const environment = readConfigPath('/order/dev,cloud/main?x=y');
  assert.deepEqual(environment, {
    kind: 'environment',
    target: {
      names: ['order'],
      profiles: ['dev', 'cloud'],
      label: 'main',
      raw: { name: 'order', profiles: 'dev,cloud', label: 'main' },
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
];

test(`no path leaves the folder, in ${escapes.length} spellings at ${positions.length} places`, () => {
  let refused = 0;
  for (const position of positions) {
    for (const text of escapes) {
      const path = position(text);
      const asked = readConfigPath(path);
      if (asked === undefined) {
        refused += 1;
        continue;
      }
      const { names, profiles, label } = asked.target;
      for (const part of [...names, ...profiles, ...(label?.split('/') ?? [])]) {
        assert.match(part, /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/, path);
        assert.ok(!part.includes('..'), path);
      }
    }
  }
  assert.ok(refused >= 190, `${refused} were refused`);
});

test('paths that are too short, too long or of another kind are refused', () => {
  for (const path of [
    '/',
    '',
    '/order',
    '/order/dev/main/nginx.conf',
    '/order/dev/x/y/z',
    '/order.yml',
    '/-dev.yml',
    '//',
  ]) {
    assert.equal(readConfigPath(path), undefined, path);
  }
});
