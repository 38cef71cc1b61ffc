/** The width of the steps in which traffic is added up. */
export const stepMs = 10_000;

/** The step that a moment lies in, by its beginning. */
export function stepOf(epochMs: number): number {
  return Math.floor(epochMs / stepMs) * stepMs;
}

/** The entries of the steps after `from`, up to and with `to`. */
export function within<Item>(steps: ReadonlyMap<number, Item>, from: number, to: number): (readonly [number, Item])[] {
  return [...steps].filter(([at]) => at > from && at <= to);
}

/** Forgets the steps before `oldest`. */
export function dropBefore(steps: Map<number, unknown>, oldest: number): void {
  for (const at of steps.keys()) if (at < oldest) steps.delete(at);
}
