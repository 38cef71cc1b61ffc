export { postgresClaims } from './postgres-claims.ts';
export { postgresFlowStore } from './postgres-flow-store.ts';
export { postgresSagaFence } from './postgres-saga-fence.ts';
export { postgresSagaStore } from './postgres-saga-store.ts';
export type { StartSagasOptions } from './start-saga.ts';
export { startSagas } from './start-saga.ts';
