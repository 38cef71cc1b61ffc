import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldValue } from '../http/field-lines.ts';
import { cachedOrigin } from '../testing/cached-origin.ts';

test('a client that has the answer already is told so', () => {
  const origin = cachedOrigin();
  const modified = 'Wed, 01 Jan 2020 00:00:00 GMT';
  origin.reply = () => ({
    fields: [
      'cache-control: max-age=9',
      'etag: "a"',
      `last-modified: ${modified}`,
      'content-type: text/plain',
      'vary: foo',
    ],
  });
  origin.ask();
  const table: readonly (readonly [fields: readonly string[], status: number])[] = [
    [['if-none-match: "a"'], 304],
    [['if-none-match: W/"a"'], 304],
    [['if-none-match: "z", "a", "b"'], 304],
    [['if-none-match: "z"', 'if-none-match: "a"'], 304],
    [['if-none-match: *'], 304],
    [['if-none-match: "z"'], 200],
    [['if-none-match: "z"', `if-modified-since: ${modified}`], 200],
    [['if-none-match: "a"', 'if-modified-since: Tue, 01 Jan 2019 00:00:00 GMT'], 304],
    [[`if-modified-since: ${modified}`], 304],
    [['if-modified-since: Thu, 02 Jan 2020 00:00:00 GMT'], 304],
    [['if-modified-since: Tue, 01 Jan 2019 00:00:00 GMT'], 200],
    [['if-modified-since: yesterday'], 200],
  ];
  for (const [fields, status] of table) {
    const view = origin.ask({ fields });
    assert.deepEqual([view.status, view.body], [status, status === 304 ? '' : 'hello'], fields.join());
    assert.equal(view.fields.get('etag'), '"a"');
    assert.equal(view.fields.has('content-type'), status === 200);
  }
  assert.equal(origin.arrived.length, 1);
});

test('a part of a stored answer is sent when only that is wanted', () => {
  const origin = cachedOrigin();
  origin.reply = () => ({
    fields: ['cache-control: max-age=9', 'etag: "a"', 'content-length: 10'],
    body: '0123456789',
  });
  origin.ask();
  const table: readonly (readonly [fields: readonly string[], status: number, body: string, range?: string])[] = [
    [['range: bytes=0-1'], 206, '01', 'bytes 0-1/10'],
    [['range: bytes=8-'], 206, '89', 'bytes 8-9/10'],
    [['range: bytes=-3'], 206, '789', 'bytes 7-9/10'],
    [['range: bytes=10-'], 416, '', 'bytes */10'],
    [['range: bytes=0-1, 4-5'], 200, '0123456789'],
    [['range: bytes=0-1', 'if-range: "a"'], 206, '01', 'bytes 0-1/10'],
    [['range: bytes=0-1', 'if-range: "z"'], 200, '0123456789'],
    [['range: bytes=0-1', 'if-range: W/"a"'], 200, '0123456789'],
    [['range: bytes=0-1', 'if-none-match: "a"'], 304, ''],
  ];
  for (const [fields, status, body, range] of table) {
    const view = origin.ask({ fields });
    assert.deepEqual([view.status, view.body, view.fields.get('content-range')], [status, body, range], fields.join());
    if (status !== 304) assert.equal(view.fields.get('content-length'), String(body.length));
  }
  assert.equal(origin.ask({ method: 'HEAD', fields: ['range: bytes=0-1'] }).status, 200);
  assert.equal(origin.arrived.length, 1);
});

test('what a part was refused with is not what the whole is answered with', () => {
  const origin = cachedOrigin();
  origin.reply = ({ fields }) =>
    fieldValue(fields, 'range') === undefined ? {} : { status: 416, fields: ['cache-control: max-age=99'] };
  assert.equal(origin.ask({ fields: ['range: bytes=99-'] }).status, 416);
  assert.equal(origin.ask().status, 200);
});
