export type { Coding } from './accepted-coding.ts';
export type { CompressionOptions } from './compressed.ts';
export { compressed } from './compressed.ts';
