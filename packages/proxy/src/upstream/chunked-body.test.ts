import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkedBody } from './chunked-body.ts';

function readAll(pieces: readonly Buffer[]): {
  readonly body: string;
  readonly progress: string;
  readonly rest: string;
} {
  const chunks = new ChunkedBody();
  let body = '';
  for (const [index, piece] of pieces.entries()) {
    const progress = chunks.read(piece, (part) => {
      body += part.toString('latin1');
    });
    if (progress !== 'more') {
      const rest = Buffer.concat([piece.subarray(chunks.rest), ...pieces.slice(index + 1)]).toString('latin1');
      return { body, progress, rest: progress === 'end' ? rest : '' };
    }
  }
  return { body, progress: 'more', rest: '' };
}

const whole = (text: string) => readAll([Buffer.from(text, 'latin1')]);

test('chunks, extensions and trailers are read', () => {
  assert.deepEqual(whole('5\r\nhello\r\n0\r\n\r\n'), { body: 'hello', progress: 'end', rest: '' });
  assert.deepEqual(whole('A;x=1\r\n0123456789\r\n1\r\n!\r\n0;y\r\nX-T: 1\r\n\r\nHTTP'), {
    body: '0123456789!',
    progress: 'end',
    rest: 'HTTP',
  });
});

test('trailer fields are kept, with their values trimmed', () => {
  const chunks = new ChunkedBody();
  chunks.read(Buffer.from('0\r\nX-T: 1\r\nx-u:two \r\n'), () => {});
  assert.equal(
    chunks.read(Buffer.from('\r\n'), () => {}),
    'end',
  );
  assert.deepEqual(chunks.trailers, ['X-T', '1', 'x-u', 'two']);
});

test('what is not strictly chunked is not a body', () => {
  const bad = [
    '\r\n',
    '5\nhello\r\n0\r\n\r\n',
    '5\r\nhelloX\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '0x5\r\nhello\r\n',
    '-5\r\nhello\r\n',
    '+5\r\nhello\r\n',
    'g\r\n',
    '123456789\r\n',
    ' 5\r\nhello\r\n',
    '0\r\nno colon\r\n\r\n',
    '0\r\n X: folded\r\n\r\n',
    `5;${'x'.repeat(300)}\r\nhello\r\n`,
    `0\r\n${'X: y\r\n'.repeat(2_000)}\r\n`,
  ];
  for (const text of bad) assert.equal(whole(text).progress, 'bad', JSON.stringify(text.slice(0, 30)));
});

test('it does not matter where the bytes are parted', () => {
  const chunk = fc.string({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      fc.boolean(),
      (texts, cuts, trailer) => {
        const body = texts.map((text) => Buffer.from(text).toString('latin1'));
        const framed = body.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join('');
        const wire = Buffer.from(`${framed}0\r\n${trailer ? 'X-T: 1\r\n' : ''}\r\nNEXT`, 'latin1');
        const at = [...new Set([0, ...cuts.map((cut) => cut % wire.length), wire.length])].sort((a, b) => a - b);
        const pieces = at.slice(1).map((end, index) => wire.subarray(at[index], end));
        assert.deepEqual(readAll(pieces), { body: body.join(''), progress: 'end', rest: 'NEXT' });
      },
    ),
    { numRuns: 500 },
  );
});
