import type { Random } from '@dure/core';

/** Waits that double from `firstMs` to `mostMs`, each drawn from its upper half so that many clients spread out. */
export function backoffMs(failures: number, firstMs: number, mostMs: number, random: Random): number {
  const whole = Math.min(firstMs * 2 ** Math.min(failures - 1, 16), mostMs);
  return whole / 2 + (random.next() * whole) / 2;
}
