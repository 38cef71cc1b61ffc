export type { StartSystemOptions, TestSystem } from './start-system.ts';
export { startSystem } from './start-system.ts';
export { temporaryStateFolder } from './temporary-state-folder.ts';
