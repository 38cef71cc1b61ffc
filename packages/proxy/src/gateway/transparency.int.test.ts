import { test } from 'node:test';
import { compareEndToEnd } from '../testing/compare-end-to-end.ts';

// A19 of the test catalogue.
test('valid requests and answers pass unchanged but for what is documented', () => compareEndToEnd(500, 19));
