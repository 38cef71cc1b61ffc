/** What a worker pool has to say. */
export type WorkerPoolEvent =
  | { readonly kind: 'pool-full'; readonly name: string }
  | { readonly kind: 'worker-started'; readonly name: string }
  /** In the middle of a task: its caller left, it ran into a timeout, the pool closed, or it ended by itself. */
  | { readonly kind: 'worker-ended'; readonly name: string; readonly reason: string };
