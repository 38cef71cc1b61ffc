export type { WebBuild } from './build-web.ts';
export { buildWebIfChanged } from './build-web.ts';
