export type { WorkerPool, WorkerPoolLimits, WorkerPoolOptions, WorkerPoolSnapshot } from './open-worker-pool.ts';
export { openWorkerPool } from './open-worker-pool.ts';
export { serveTasks } from './serve-tasks.ts';
export type { WorkerPoolEvent } from './worker-pool-event.ts';
