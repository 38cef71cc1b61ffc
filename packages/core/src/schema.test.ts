import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { codeOf } from './dure-error.ts';
import { coreErrors } from './errors.ts';
import { check, jsonSchemaOf } from './schema.ts';

test('what does not fit is told by its path', () => {
  const schema = z.object({ lines: z.array(z.object({ sku: z.string() })) });
  assert.deepEqual(check(schema, { lines: [] }), { ok: true, value: { lines: [] } });
  const checked = check(schema, { lines: [{ sku: 1 }] }, 'body');
  assert.ok(!checked.ok);
  assert.deepEqual(
    checked.errors.map(({ path, code }) => [path, code]),
    [['body.lines.0.sku', 'invalid_type']],
  );
});

test('a schema writes itself as JSON Schema 2020-12, and says so when it cannot', () => {
  const schema = jsonSchemaOf(z.object({ count: z.int().default(1) }), 'input', 'stock');
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.throws(
    () => jsonSchemaOf(z.date(), 'input', 'stock'),
    (error) => codeOf(error) === coreErrors.SCHEMA_INEXPRESSIBLE.code,
  );
});

test('a schema that waits is refused', () => {
  const slow = z.string().refine(async () => true);
  assert.throws(
    () => check(slow, 'a'),
    (error) => codeOf(error) === 'CORE_SCHEMA_ASYNC' || error instanceof z.core.$ZodAsyncError,
  );
});
