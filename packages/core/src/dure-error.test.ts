import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, errorCatalogue, errorEntry, isDureError, messageOf } from './dure-error.ts';
import { coreErrors } from './errors.ts';
import { isRefusal, Refusal } from './refusal.ts';

const text = { title: 't', fix: 'f' };
const errors = errorCatalogue('COREERRORTEST', {
  BUSY: { kind: 'unavailable', retryable: true, en: text, ko: text },
});

test('an error has its code, kind, retryability, details and cause from the catalogue and the place that throws it', () => {
  const cause = new TypeError('socket');
  const error = errors.BUSY('the shelf is busy', { cause, details: { sku: 'a' } });
  assert.deepEqual(
    [error.code, error.kind, error.retryable, error.details, error.cause, error.message],
    ['COREERRORTEST_BUSY', 'unavailable', true, { sku: 'a' }, cause, 'the shelf is busy'],
  );
  assert.equal(errors.BUSY('x', { retryable: false }).retryable, false);
  assert.deepEqual(
    [errors.BUSY.code, errorEntry('COREERRORTEST_BUSY')?.kind, errorEntry('NONE_SUCH')],
    ['COREERRORTEST_BUSY', 'unavailable', undefined],
  );
});

test('an error is recognised by what it is, also one of another copy of this package', () => {
  const invariant = coreErrors.INVARIANT('this cannot be');
  assert.ok(isDureError(invariant));
  assert.equal(codeOf(invariant), 'CORE_INVARIANT');
  const foreign = Object.assign(new TypeError('x'), { name: 'DureError', code: 'OTHER_COPY', kind: 'internal' });
  assert.deepEqual([codeOf(foreign), codeOf(new TypeError('x')), codeOf('text')], ['OTHER_COPY', undefined, undefined]);
  assert.deepEqual([messageOf(foreign), messageOf('text')], ['x', 'text']);
});

test('a refusal is no error of ours', () => {
  const refusal = new Refusal({
    service: 'stock',
    operation: 'reserve',
    code: 'OutOfStock',
    data: { sku: 'a' },
    status: 409,
  });
  assert.deepEqual(
    [isRefusal(refusal), isDureError(refusal), refusal.message],
    [true, false, 'stock.reserve refused: OutOfStock'],
  );
});
