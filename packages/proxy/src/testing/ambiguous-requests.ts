import type { Random } from '@dure/core';
import { randomInteger, randomItem } from '@dure/core';
import type { AmbiguousRequest } from './ambiguous-bodies.ts';
import { ambiguousBodies, octets, odd } from './ambiguous-bodies.ts';

/**
 * Requests like those of the collections on smuggling (defparam/smuggler, HTTP Garden, Http11Probe), made afresh: `count` of
 * them, of every kind and then with a second fault. Their paths are `/things/…` and `/orders`.
 */
export function ambiguousRequests(random: Random, count: number): readonly AmbiguousRequest[] {
  const all = [...ambiguousBodies(random), ...fields(), ...hosts(), ...lines()];
  return [...all, ...Array.from({ length: count - all.length }, () => mixed(random, all))];
}

/** What makes a field line none, and names that some server reads as others. */
function fields(): AmbiguousRequest[] {
  const get = (line: string): AmbiguousRequest => ({
    what: 'field',
    bytes: `GET /things/7 HTTP/1.1\r\nHost: shop\r\n${line}\r\n\r\n`,
  });
  const names = [
    'Transfer_Encoding',
    'Content_Length',
    'TRANSFER-ENCODING ',
    'Transfer-\tEncoding',
    'Transfer\xadEncoding',
    'Content-Length\0',
  ];
  return [
    ...octets.flatMap((octet) => [get(`X${octet}A: 1`), get(`X-A: a${octet}b`), get(`${octet}`), get(`${octet}: 1`)]),
    ...names.flatMap((name) => [get(`${name}: chunked`), get(`${name}: 5`)]),
    ...[
      ' folded',
      '\tfolded',
      ': nameless',
      'colonless',
      'X-A',
      'X A: 1',
      '\r',
      '\n',
      'X-A: 1\r\n folded',
      'X-A:\r\n\t1',
      ' X-A: 1',
    ].map(get),
  ];
}

function hosts(): AmbiguousRequest[] {
  const found: AmbiguousRequest[] = [];
  const values = [
    '',
    ' ',
    'a@b',
    'a/b',
    'a b',
    'a,b',
    'a\\b',
    'a?b',
    'a#b',
    '[::1',
    '::1',
    '[::g]',
    'a:b',
    'a:-1',
    'a:80:80',
    '%',
    '%0d%0a',
    'a\tb',
    '\xe9',
    'a<b',
    'a"b',
    'shop, shop',
    'shop;evil',
    'http://shop',
  ];
  const get = (what: string, line: string, lines: string) => found.push({ what, bytes: `${line}\r\n${lines}\r\n` });
  for (const value of values) {
    get('host', 'GET /things/7 HTTP/1.1', `Host: ${value}\r\n`);
    get('two hosts', 'GET /things/7 HTTP/1.1', `Host: shop\r\nHost: ${value}\r\n`);
    get('two hosts', 'GET /things/7 HTTP/1.1', `Host: ${value}\r\nX: y\r\nhost: shop\r\n`);
    get('authority', `GET http://${value}/things/7 HTTP/1.1`, 'Host: shop\r\n');
  }
  for (const octet of octets) get('host', 'GET /things/7 HTTP/1.1', `Host: sh${octet}op\r\n`);
  for (const line of [
    'Host : shop',
    ' Host: shop',
    'Host: shop\r\n evil',
    'Host',
    'Ho st: shop',
    'X: Host: shop',
    '',
  ]) {
    get('host', 'GET /things/7 HTTP/1.1', line === '' ? '' : `${line}\r\n`);
  }
  return found;
}

/** Methods, targets and versions. */
function lines(): AmbiguousRequest[] {
  const line = (what: string, text: string): AmbiguousRequest => ({ what, bytes: `${text}\r\nHost: shop\r\n\r\n` });
  const targets = [
    '*',
    '',
    '#',
    '/#',
    '/a#b',
    '//',
    '/\\',
    '/%',
    '/%z',
    '/%zz',
    '/%0',
    'things',
    '?x',
    'http:',
    'http:/',
    'http://',
    'shop:80',
    '/a b',
    '/a\tb',
    '/\xe9',
    '/%c0%af',
    '/%00',
    '/..',
    '/things/%2e%2e/internal',
    '/things/..%2finternal',
    'http://shop@evil/',
    'http://evil/things/7',
    '/things/7?a b',
    '/things/7?%',
    '/things/7?#',
  ];
  const versions = [
    '',
    'HTTP',
    'HTTP/',
    'HTTP/1',
    'HTTP/1.',
    'HTTP/1.2',
    'HTTP/1.10',
    'HTTP/01.1',
    'HTTP/1,1',
    'HTTP/1.1 ',
    'HTTP/1.1\t',
    'HTTP/1.1x',
    'http/1.1',
    'HTP/1.1',
    'HTTPS/1.1',
    'HTTP /1.1',
    'HTTP/ 1.1',
    'HTTP/0.9',
    'HTTP/2.0',
    'HTTP/2',
    'HTTP/3.0',
    'HTTP/9.9',
    'HTTP/-1.1',
    'HTTP/1.1 HTTP/1.1',
    'ICE/1.0',
    'RTSP/1.0',
    'HTTP/1.1\0',
  ];
  return [
    ...octets.flatMap((octet) => [
      line('target', `GET /thi${octet}ngs/7 HTTP/1.1`),
      line('query', `GET /things/7?a=${octet}b HTTP/1.1`),
      line('method', `G${octet}T /things/7 HTTP/1.1`),
      line('version', `GET /things/7 HTTP/1.${octet}`),
      line('space', `GET${octet}/things/7 HTTP/1.1`),
      line('space', `GET /things/7${octet}HTTP/1.1`),
      line('before', `${octet}GET /things/7 HTTP/1.1`),
    ]),
    ...targets.map((target) => line('target', `GET ${target} HTTP/1.1`)),
    ...versions.map((version) => line('version', `GET /things/7 ${version}`)),
    ...[
      'GET  /things/7 HTTP/1.1',
      'GET /things/7  HTTP/1.1',
      ' GET /things/7 HTTP/1.1',
      'GET\t/things/7\tHTTP/1.1',
    ].map((text) => line('space', text)),
    ...['PRI * HTTP/2.0', 'CONNECT shop:80 HTTP/1.1', 'CONNECT /things/7 HTTP/1.1', 'HELLO', '\x16\x03\x01'].map(
      (text) => line('protocol', text),
    ),
    { what: 'line ends', bytes: 'GET /things/7 HTTP/1.1\nHost: shop\n\n' },
    { what: 'line ends', bytes: 'GET /things/7 HTTP/1.1\r\nHost: shop\n\r\n' },
    { what: 'line ends', bytes: 'GET /things/7 HTTP/1.1\r\nHost: shop\r\n\n' },
    { what: 'line ends', bytes: 'GET /things/7 HTTP/1.1\rHost: shop\r\r' },
    { what: 'line ends', bytes: 'GET /things/7 HTTP/1.1\r\n\r\nHost: shop\r\n\r\n' },
  ];
}

/** Two faults in one request: something odd at a random place of one of the others. */
function mixed(random: Random, all: readonly AmbiguousRequest[]): AmbiguousRequest {
  const { what, bytes } = randomItem(random, all) ?? { what: '', bytes: '' };
  const at = randomInteger(random, 0, bytes.length);
  const cut = randomInteger(random, 0, 1);
  return {
    what: `${what}, twice`,
    bytes: bytes.slice(0, at) + (randomItem(random, odd) ?? '') + bytes.slice(at + cut),
  };
}
