export type { Foreseen } from './foresee.ts';
export { foresee } from './foresee.ts';
export type { Replayer, ReplayerOptions } from './replayer.ts';
export { startReplayer } from './replayer.ts';
