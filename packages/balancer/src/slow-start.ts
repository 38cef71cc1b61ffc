import { checked, checkedMs } from './options.ts';

/** How an instance that joins is given its first calls. */
export interface SlowStartOptions {
  /** How long it takes until it has its full share. Default 10 000. */
  readonly windowMs?: number;
  /** The share it begins with, from 0.01 to 1. Default 0.1. */
  readonly leastShare?: number;
  /** 1 rises evenly; above 1 rises early, below 1 late. From 0.1 to 10, default 1. */
  readonly aggression?: number;
}

/** Slow start with nothing left to default. */
export type SlowStart = Required<SlowStartOptions>;

/** The options, checked. BALANCER_OPTION_INVALID names what is out of range. */
export function slowStart(options: SlowStartOptions = {}): SlowStart {
  const { windowMs = 10_000, leastShare = 0.1, aggression = 1 } = options;
  return {
    windowMs: checkedMs('slowStart', 'windowMs', windowMs),
    leastShare: checked('slowStart', 'leastShare', leastShare, { from: 0.01, to: 1 }),
    aggression: checked('slowStart', 'aggression', aggression, { from: 0.1, to: 10 }),
  };
}

/** An instance that was down comes back over this time: quick, but without a flood. */
export const comeback: SlowStart = { windowMs: 500, leastShare: 0.1, aggression: 1 };

/** The share at an age, from `leastShare` to 1. Formula: Envoy, `SlowStartConfig`. */
export function shareAtAge({ windowMs, leastShare, aggression }: SlowStart, ageMs: number): number {
  if (ageMs >= windowMs) return 1;
  const passed = Math.max(ageMs, 0) / windowMs;
  return Math.max(leastShare, aggression === 1 ? passed : passed ** (1 / aggression));
}
