export type { FakeClock } from './fake-clock.ts';
export { fakeClock } from './fake-clock.ts';
export type { TestAuthority, TestPair } from './test-authority.ts';
export { testAuthority } from './test-authority.ts';
export { testCall, testIds } from './test-call.ts';
