export type { Asker, AskerOptions } from './asker.ts';
export { openAsker } from './asker.ts';
