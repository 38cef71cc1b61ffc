import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
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

test('a date says which body a part belongs to only if that cannot have changed within its second', () => {
  const changed = 'Wed, 01 Jan 2020 00:00:00 GMT';
  const dates: readonly (readonly [date: string, status: number])[] = [
    ['Wed, 01 Jan 2020 00:00:01 GMT', 206],
    ['Wed, 01 Jan 2020 00:00:00 GMT', 200],
  ];
  for (const [date, status] of dates) {
    const origin = cachedOrigin();
    const fields = ['cache-control: max-age=999999999', `last-modified: ${changed}`, `date: ${date}`];
    origin.reply = () => ({ fields });
    origin.ask();
    const ask = (ifRange: string) => origin.ask({ fields: ['range: bytes=1-3', `if-range: ${ifRange}`] });
    assert.equal(ask(changed).status, status, date);
    assert.equal(ask('Wed, 01 Jan 2020 00:00:09 GMT').status, 200);
    assert.equal(origin.arrived.length, 1);
  }
});

test('parts of a stored answer are its bytes, and put together they are the whole', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 300 }),
      fc.integer({ min: 1, max: 90 }),
      (body, size) => {
        const origin = cachedOrigin();
        origin.reply = () => ({ fields: ['cache-control: max-age=9', 'etag: "a"'], body });
        origin.ask();
        let whole = '';
        while (whole.length < body.length) {
          const view = origin.ask({
            fields: [`range: bytes=${whole.length}-${whole.length + size - 1}`, 'if-range: "a"'],
          });
          const last = Math.min(whole.length + size, body.length) - 1;
          assert.equal(view.fields.get('content-range'), `bytes ${whole.length}-${last}/${body.length}`);
          assert.ok(view.body.length > 0);
          whole += view.body;
        }
        assert.equal(whole, body);
        assert.equal(origin.arrived.length, 1);
      },
    ),
    { numRuns: 100 },
  );
});

test('what a part was refused with is not what the whole is answered with', () => {
  const origin = cachedOrigin();
  origin.reply = ({ fields }) =>
    fieldValue(fields, 'range') === undefined ? {} : { status: 416, fields: ['cache-control: max-age=99'] };
  assert.equal(origin.ask({ fields: ['range: bytes=99-'] }).status, 416);
  assert.equal(origin.ask().status, 200);
});
