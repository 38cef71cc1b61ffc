export type { MemorySagas, MemorySagasOptions, MemorySagaTx } from './memory-sagas.ts';
export { memorySagas } from './memory-sagas.ts';
export type { FenceUnderTest } from './saga-fence-contract.ts';
export { sagaFenceContract } from './saga-fence-contract.ts';
export type { StoreUnderTest } from './saga-store-contract.ts';
export { sagaStoreContract } from './saga-store-contract.ts';
export { sampleAnswers, sampleCommands, sampleSaga } from './sample-saga.ts';
export type { SagaSpec } from './spec.ts';
export { spec } from './spec.ts';
