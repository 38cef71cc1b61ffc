import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { codeOf } from './dure-error.ts';
import { sectionDefault } from './section.ts';

test('the default of a section is what its schema makes of nothing, or what is read from nothing', () => {
  assert.deepEqual(sectionDefault({ at: 'dure.admission', schema: z.object({ most: z.int().default(7) }) }), {
    most: 7,
  });
  assert.equal(sectionDefault({ at: 'routes', read: (sources) => sources.length }), 0);
});

test('a section that cannot do without a configuration is a defect', () => {
  const demanding = { at: 'x', schema: z.object({ must: z.string() }) };
  assert.throws(
    () => sectionDefault(demanding),
    (error) => codeOf(error) === 'CORE_INVARIANT',
  );
});
