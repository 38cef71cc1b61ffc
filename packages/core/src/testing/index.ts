export type { FakeClock } from './fake-clock.ts';
export { fakeClock } from './fake-clock.ts';
export { testCall, testIds } from './test-call.ts';
