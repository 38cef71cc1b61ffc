import assert from 'node:assert/strict';
import { test } from 'node:test';
import { route } from '../routing/route.ts';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { sendRaw } from '../testing/raw-client.ts';
import { recordingUpstream } from '../testing/recording-upstream.ts';

const get = (target: string, ...fields: readonly string[]) =>
  `${[`GET ${target} HTTP/1.1`, 'Host: shop', 'Connection: close', ...fields].join('\r\n')}\r\n\r\n`;

const hex = (code: number) => `%${code.toString(16).padStart(2, '0')}`;
const octets = Array.from({ length: 256 }, (_, code) => hex(code));

/** `admin` with each set of its letters encoded. */
const encodings = Array.from({ length: 32 }, (_, set) =>
  Array.from('admin', (letter, index) => ((set >> index) & 1 ? hex(letter.charCodeAt(0)) : letter)).join(''),
);

const dots = [
  '.',
  '..',
  '%2e',
  '%2E',
  '%2e%2e',
  '.%2e',
  '%2e.',
  '..;',
  '..;a=b',
  '.;',
  '%2e%2e;',
  '..%3b',
  '...',
  '.. ',
  '..%20',
  '..%00',
  '%252e%252e',
  '..%5c',
  '..\\',
  '%c0%ae%c0%ae',
  '%e0%80%ae',
  '%uff0e',
];
const slashes = [
  '//',
  '///',
  '/./',
  '/%2f',
  '%2f',
  '%2F',
  '\\',
  '/\\',
  '%5c',
  '%5C',
  '%252f',
  '%255c',
  '%c0%af',
  '%e0%80%af',
  '%u002f',
  '/;/',
  '/;a/',
  '/;a=b;c/',
  '/%3b/',
  ';/',
  '/%00/',
  '/%0d/',
  '/%09/',
  '/ /',
  '/%20/',
];
const ends = [
  '',
  '/',
  '//',
  '/.',
  '/..',
  ';',
  ';a',
  ';a=b/',
  '%3b',
  '/;',
  '?',
  '?a',
  '%3f',
  '#',
  '%23',
  '%00',
  '%0a',
  '%20',
  '.',
  '/x',
  '/x/../',
  '/%2e%2e/admin',
  '\\',
  '%5c',
  '%2f',
  '/%2f',
  '%252f',
  '%c0%80',
  '%',
  '%a',
  '%zz',
];

/** Every way to write `/admin`, and much that is none. */
const targets = [
  ...octets.flatMap((octet) => [
    `/${octet}admin`,
    `/admin${octet}`,
    `/ad${octet}min`,
    `/${octet}/admin`,
    `/x${octet}/admin`,
  ]),
  ...encodings.flatMap((name) => [
    `/${name}`,
    `/${name.toUpperCase().replaceAll('%', '%25')}`,
    `/${name.replaceAll('%', '%25')}`,
    `/x/../${name}`,
  ]),
  ...dots.flatMap((dot) => [
    `/${dot}/admin`,
    `/x/${dot}/admin`,
    `/x/y/${dot}/${dot}/admin`,
    `/admin/${dot}`,
    `/x/${dot}%2fadmin`,
  ]),
  ...slashes.flatMap((slash) => [
    `${slash}admin`,
    `/x${slash}..${slash}admin`,
    `/x${slash}admin`,
    `/${slash}admin`,
    `/admin${slash}x`,
  ]),
  ...ends.map((end) => `/admin${end}`),
  ...[
    'ADMIN',
    'Admin',
    'aDMIN',
    '%41dmin',
    'admin.json',
    'admin%2ejson',
    '\xe1dmin',
    '%c1%a1dmin',
    '%e0%81%a1dmin',
  ].map((name) => `/${name}`),
  ...[
    'http://shop/admin',
    'HTTP://shop/admin',
    'http://shop//admin',
    'http://shop/x/..;/admin',
    'http://shop?/admin',
    'admin',
    '*',
    '/x?/../admin',
  ],
];

const decoded = (path: string) =>
  path.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
const withoutParameters = (path: string) => path.replace(/;[^/]*/g, '');
const withoutEmpty = (path: string) => path.replace(/\/{2,}/g, '/');
const slashed = (path: string) => path.replaceAll('\\', '/');
const cutAtNul = (path: string) => path.split('\0')[0] ?? '';

function withoutDots(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

type Step = (path: string) => string;
/** How servers come from what they get to what they serve. */
const servers: Readonly<Record<string, readonly Step[]>> = {
  literal: [],
  'by RFC 3986': [withoutDots, decoded],
  'like Tomcat': [withoutParameters, decoded, withoutEmpty, withoutDots],
  'like nginx': [decoded, withoutEmpty, withoutDots],
  'like IIS': [decoded, slashed, withoutEmpty, withoutDots],
  'like a browser': [(path) => new URL(path, 'http://shop').pathname, decoded],
  'decoding twice': [decoded, decoded, withoutEmpty, withoutDots],
  'doing all of it': [decoded, withoutParameters, decoded, slashed, cutAtNul, withoutEmpty, withoutDots],
};

// A10 of the test catalogue.
test('no spelling of a protected path reaches, without its role, what an instance could take for that path', async (t) => {
  await using upstream = await recordingUpstream();
  const to = { service: 'things' };
  const routes = [
    route('admin', { path: ['/admin', '/admin/**'], to, access: { role: 'admin' } }),
    route('all', { path: '/**', to, access: 'public' }),
  ];
  await using gateway = await openGateway({ exposes: [], routes });
  gateway.instances.set('things', [localInstance('things', upstream.port)]);
  const texts = targets.flatMap((target) => [
    get(target),
    get(target, 'X-Original-URL: /admin', 'X-Rewrite-URL: /admin', 'Authorization: Bearer ann'),
  ]);
  for (let from = 0; from < texts.length; from += 20) {
    await Promise.all(texts.slice(from, from + 20).map((text) => sendRaw(gateway.port, text)));
  }
  const bypasses: string[] = [];
  for (const { target, fields } of upstream.arrived) {
    const path = target.split('?')[0] ?? '';
    for (const [how, steps] of Object.entries(servers)) {
      const served = steps.reduce((text, step) => step(text), path);
      if (/^\/admin(?:\/|$)/.test(served)) bypasses.push(`${target}, ${how}`);
    }
    assert.ok(fields.every(([name]) => name !== 'x-original-url' && name !== 'x-rewrite-url'));
  }
  t.diagnostic(`${targets.length} spellings, ${upstream.arrived.length / 2} forwarded, ${bypasses.length} bypasses`);
  assert.deepEqual([...new Set(bypasses)], []);
  assert.ok(targets.length >= 600 && upstream.arrived.length > 400);
  const asAdmin = await sendRaw(gateway.port, get('/%61dmin/x', 'Authorization: Bearer ann+admin'));
  assert.match(asAdmin, /^HTTP\/1\.1 200 [\s\S]*for \/admin\/x$/);
});
