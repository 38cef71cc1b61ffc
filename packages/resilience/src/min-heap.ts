/** Numbers of which the least is at hand. */
export interface MinHeap {
  readonly least: number | undefined;
  add(value: number): void;
  /** Takes the least out. */
  removeLeast(): void;
}

/**
 * A binary heap (J. W. J. Williams, 1964). Both steps are O(log n), and a value that is the greatest so far is
 * added in O(1).
 */
export function minHeap(): MinHeap {
  const heap: number[] = [];
  return {
    get least() {
      return heap[0];
    },
    add(value) {
      let at = heap.push(value) - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        const above = heap[parent] ?? value;
        if (above <= value) break;
        heap[at] = above;
        at = parent;
      }
      heap[at] = value;
    },
    removeLeast() {
      const value = heap.pop();
      if (value === undefined || heap.length === 0) return;
      let at = 0;
      for (;;) {
        const left = 2 * at + 1;
        const child = (heap[left + 1] ?? Number.POSITIVE_INFINITY) < (heap[left] ?? 0) ? left + 1 : left;
        const below = heap[child];
        if (below === undefined || below >= value) break;
        heap[at] = below;
        at = child;
      }
      heap[at] = value;
    },
  };
}
