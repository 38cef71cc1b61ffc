import type { Random } from '@dure/core';
import { randomItem } from '@dure/core';

/** A request that two readers may understand differently, or that is none at all. */
export interface AmbiguousRequest {
  readonly what: string;
  /** Latin-1. */
  readonly bytes: string;
}

/** Octets as characters: all but letters and digits, of which three stand for the rest, and every fourth above 0x80. */
export const octets = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
  (octet, code) => (code < 0x80 && !/[B-Yb-z1-9]/.test(octet)) || code % 4 === 0,
);
/** What parsers trip over. */
export const odd = [
  '\0',
  '\x01',
  '\t',
  '\n',
  '\v',
  '\f',
  '\r',
  ' ',
  '\x1f',
  '"',
  ',',
  ':',
  ';',
  '\x7f',
  '\x80',
  '\x85',
  '\xa0',
  '\xff',
  '\r\n',
  '\r\n ',
  '\n\n',
];

const smuggled = 'GET /things/smuggled HTTP/1.1\r\nHost: shop\r\n\r\n';
/** What follows the head when chunks are believed, and when a length is. */
const bodies = [`0\r\n\r\n${smuggled}`, `5\r\nhello\r\n0\r\n\r\n${smuggled}`, `hello${smuggled}`, `5c\r\n${smuggled}`];

/** Requests whose body may end at more than one place. */
export function ambiguousBodies(random: Random): AmbiguousRequest[] {
  return [...framings(random), ...chunks()];
}

function post(what: string, headerLines: readonly string[], body: string): AmbiguousRequest {
  return { what, bytes: `${['POST /orders HTTP/1.1', 'Host: shop', ...headerLines].join('\r\n')}\r\n\r\n${body}` };
}

/** Each octet at each place around a field that frames the body. */
function framings(random: Random): AmbiguousRequest[] {
  const found: AmbiguousRequest[] = [];
  const places = (name: string, value: string) => (octet: string) => [
    `${octet}${name}: ${value}`,
    `${name}${octet}: ${value}`,
    `${name}:${octet}${value}`,
    `${name}: ${value}${octet}`,
    `${name.slice(0, 4)}${octet}${name.slice(4)}: ${value}`,
    `X: y${octet}${name}: ${value}`,
  ];
  for (const octet of [...octets, ...odd.slice(-3)]) {
    for (const line of places('Transfer-Encoding', 'chunked')(octet)) {
      found.push(post('coding', ['Content-Length: 5', line], randomItem(random, bodies) ?? ''));
    }
    const lengthLine = randomItem(random, places('Content-Length', '5')(octet)) ?? '';
    found.push(post('length', [lengthLine], `hello${smuggled}`));
  }
  for (const coding of codings) {
    found.push(post('coding alone', [`Transfer-Encoding: ${coding}`], randomItem(random, bodies) ?? ''));
    found.push(post('coding after length', ['Content-Length: 5', `Transfer-Encoding: ${coding}`], bodies[0] ?? ''));
    found.push(post('coding before length', [`Transfer-Encoding: ${coding}`, 'Content-Length: 5'], bodies[2] ?? ''));
    found.push(post('two codings', ['Transfer-Encoding: chunked', `Transfer-Encoding: ${coding}`], bodies[1] ?? ''));
    found.push(post('two codings', [`Transfer-Encoding: ${coding}`, 'Transfer-Encoding: chunked'], bodies[1] ?? ''));
  }
  for (const length of lengths) {
    found.push(post('length', [`Content-Length: ${length}`], `hello${smuggled}`));
    found.push(post('two lengths', ['Content-Length: 5', `Content-Length: ${length}`], `hello${smuggled}`));
    found.push(post('two lengths', [`Content-Length: ${length}`, 'Content-Length: 5'], `hello${smuggled}`));
    found.push(post('length and chunks', [`Content-Length: ${length}`, 'Transfer-Encoding: chunked'], bodies[0] ?? ''));
  }
  return found;
}

const codings = [
  ...[
    'chunked',
    'Chunked',
    'CHUNKED',
    'xchunked',
    'chunkedx',
    'chunked;a=1',
    'chunked;',
    '"chunked"',
    "'chunked'",
    '(chunked)',
  ],
  ...[
    'identity',
    'gzip',
    'gzip, chunked',
    'chunked, gzip',
    'chunked, identity',
    'identity, chunked',
    'chunked, chunked',
  ],
  ...[',chunked', 'chunked,', ', ,chunked', 'chunked chunked', 'x\tchunked', 'ch\xfcnked', 'chunk', ''],
  ...[
    '\x00chunked',
    'chunked\x00',
    '%63hunked',
    '\\chunked',
    'chunked\r\n\tx',
    'x\r\n chunked',
    '\r\n chunked',
    'cow',
    'trailers',
  ],
];
const lengths = [
  ...[
    '+5',
    '-5',
    '-0',
    '0x5',
    '5.0',
    '5e0',
    '5,5',
    '5, 5',
    '5;5',
    '5 5',
    '05',
    '005',
    '0000000005',
    '',
    '5a',
    'a5',
    '\xb5',
    '"5"',
  ],
  ...[
    '18446744073709551621',
    '4294967301',
    '9007199254740993',
    '99999999999999999999',
    '5\x00',
    '5\x0b',
    '5\t',
    '\t5',
    "5'",
    '0',
    '5_0',
  ],
];

/** Each octet at each place of a chunk, and sizes that are none. */
function chunks(): AmbiguousRequest[] {
  const chunked = (body: string) => post('chunk', ['Transfer-Encoding: chunked'], `${body}${smuggled}`);
  const end = '0\r\n\r\n';
  const sizes = [
    '',
    '+5',
    '-5',
    '0x5',
    '5.',
    '5h',
    '5 ',
    ' 5',
    '5\t',
    '5;',
    '5;\n',
    '5;a',
    '5;a=b',
    '5;a="b',
    '5;a="\n"',
    '5 ;a=b',
    '5;;',
    '5;=',
    '5;a=\0',
    '00000005',
    '100000005',
    'fffffffffffffffff',
    '80000000',
    '5,5',
    '5\r',
    '5\n',
    '5\r\r',
    'ffffffff',
  ];
  return [
    ...octets.flatMap((octet) => [
      chunked(`5${octet}\r\nhello\r\n${end}`),
      chunked(`${octet}5\r\nhello\r\n${end}`),
      chunked(`5;a${octet}b\r\nhello\r\n${end}`),
      chunked(`5\r\nhello${octet}\r\n${end}`),
      chunked(`5\r\nhello\r\n0${octet}\r\n\r\n`),
      chunked(`5\r\nhello\r\n0\r\nX-T${octet}: 1\r\n\r\n`),
    ]),
    ...sizes.map((size) => chunked(`${size}\r\nhello\r\n${end}`)),
    ...[
      '5\nhello\r\n',
      '5\r\nhello\n',
      '5\r\nhello',
      '5\rhello\r\n',
      '4\r\nhello\r\n',
      '6\r\nhello\r\n',
      '5\r\nhello\r',
      '5\n\nhello\r\n',
    ].map((piece) => chunked(`${piece}${end}`)),
    ...[
      '0\n\n',
      '0\r\n\n',
      '0\n\r\n',
      '0\r\r',
      '0\r\nHost: evil\r\n\r\n',
      '0\r\nX-T : 1\r\n\r\n',
      '0\r\n folded\r\n\r\n',
      '0\r\nX-T\r\n\r\n',
      '00\r\n\r\n',
      '0;a\r\n\r\n',
      '-0\r\n\r\n',
    ].map((last) => chunked(`5\r\nhello\r\n${last}`)),
    { what: 'old', bytes: `POST /orders HTTP/1.0\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n${bodies[1]}` },
  ];
}
