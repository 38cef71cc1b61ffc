export type { ContractBreak, ContractShapes } from './contract-breaks.ts';
export { contractBreaks } from './contract-breaks.ts';
export type { ContractShape, UsersOf } from './contract-shape.ts';
export { contractShape } from './contract-shape.ts';
