export type { RunningConfig } from './start-config.ts';
export { startConfig } from './start-config.ts';
