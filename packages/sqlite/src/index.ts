export { sqliteErrors } from './errors.ts';
export type { ReadModelFile, ReadModelOptions } from './read-model-file.ts';
export { openReadModel } from './read-model-file.ts';
export type { ReadModelResource } from './resource.ts';
export { readModel } from './resource.ts';
export type { Row, Statements, Value } from './statements.ts';
