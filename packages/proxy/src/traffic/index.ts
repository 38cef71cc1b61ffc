export type { ComparisonOptions } from './answer-difference.ts';
export type { CanaryOptions, Mark } from './canary.ts';
export { canary } from './canary.ts';
export type { MirrorEvent, MirrorOptions } from './mirror.ts';
export { mirror } from './mirror.ts';
export type { StickySessionOptions } from './sticky-sessions.ts';
export { stickySessions } from './sticky-sessions.ts';
