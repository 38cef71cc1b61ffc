export type { Views } from './composed-service.ts';
export { composedService } from './composed-service.ts';
export { Composition, composition } from './composition.ts';
export type { PageBinding, PageOptions, PageView } from './page.ts';
export { page } from './page.ts';
export type { Asked, AskedSchemas, PartLimits, PartTypes, PartValues } from './part.ts';
export type { Marked, PartMark, PartProblem } from './part-mark.ts';
