import type { AnyEvent } from './event.ts';

/** A business flow that no one service leads: reactions pass it on, and this says where it starts and ends. */
export interface Flow {
  readonly kind: 'flow';
  readonly name: string;
  readonly starts: AnyEvent;
  /** Each of them ends it, whether well or not. */
  readonly ends: readonly AnyEvent[];
  /**
   * Those of them with which it has failed: each must have everything taken back that can be, which `dure check` sees to. Default: the ends upon
   * which something is taken back.
   */
  readonly fails?: readonly AnyEvent[];
  /** How long it may take, in milliseconds, until it counts as stalled. */
  readonly withinMs: number;
}

/**
 * Declares a flow; list it under `flows` of the service that answers for it, which then watches over its instances.
 * Reactions belong to it by its name.
 *
 * @example
 * export const restocking = flow('restocking', {
 *   starts: stockRanLow, ends: [stockRefilled, refillRefused], fails: [refillRefused], withinMs: 3_600_000,
 * });
 */
export function flow(name: string, spec: Omit<Flow, 'kind' | 'name'>): Flow {
  return { kind: 'flow', name, ...spec };
}
