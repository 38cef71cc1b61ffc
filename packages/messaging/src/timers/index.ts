export type { TimerRunner, TimerRunnerOptions } from './timer-runner.ts';
export { startTimers } from './timer-runner.ts';
export type { TimerStore, TimersFired, WaitingTimer } from './timer-store.port.ts';
