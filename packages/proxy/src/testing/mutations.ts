import fc from 'fast-check';

const gadgets = [
  ...[
    'Transfer-Encoding: chunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding:\tchunked',
  ],
  ...[
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding:\n chunked',
    'Transfer_Encoding: chunked',
    'X: y\rTransfer-Encoding: chunked',
  ],
  ...[
    'Content-Length: 0',
    'Content-Length: 4, 5',
    'Content-Length: +5',
    'Content-Length : 5',
    'content_length: 3',
    'Content-Length: 00000005',
  ],
  ...[
    'Host: evil',
    'Connection: content-length',
    'Connection: transfer-encoding',
    'Expect: 100-continue',
    'Upgrade: h2c',
    ' folded: 1',
  ],
];

/** One change to a row of bytes. */
export type Change =
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'delete'; readonly at: number }
  | { readonly kind: 'replace'; readonly at: number; readonly text: string }
  | { readonly kind: 'field'; readonly text: string };

const character = fc.constantFrom(
  '\r',
  '\n',
  '\0',
  ':',
  '\t',
  ' ',
  'a',
  '0',
  ';',
  '\x7f',
  '\xff',
  '\r\n',
  '\r\n\r\n',
  ',',
);
/** What is changed where. */
export const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(2_000), text: character }),
  fc.record({ kind: fc.constant('delete' as const), at: fc.nat(2_000) }),
  fc.record({ kind: fc.constant('replace' as const), at: fc.nat(2_000), text: character }),
  fc.record({ kind: fc.constant('field' as const), text: fc.constantFrom(...gadgets) }),
);

/** The text after a change. */
export function changed(text: string, one: Change): string {
  if (one.kind === 'field') return text.replace('\r\n', `\r\n${one.text}\r\n`);
  const at = one.at % text.length;
  const after = one.kind === 'insert' ? at : at + 1;
  return text.slice(0, at) + (one.kind === 'delete' ? '' : one.text) + text.slice(after);
}
