import { test } from 'node:test';
import { compareWithModel } from './testing/breaker-model.ts';

test('over ten thousand random sequences, jumps in time and switches, the breaker does what its model does', () => {
  compareWithModel(10_000);
});
