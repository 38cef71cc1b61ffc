export type { RunningRegistry } from './start-registry.ts';
export { startRegistry } from './start-registry.ts';
