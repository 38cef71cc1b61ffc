export type { EventStoreUnderTest } from './event-store-contract.ts';
export { eventStoreContract } from './event-store-contract.ts';
export type { MemoryEventStore, MemoryEventTx } from './memory-event-store.ts';
export { memoryEventStore } from './memory-event-store.ts';
export type { ProjectionSpec } from './projection-spec.ts';
export { deposited, sampleAccount, withdrawn } from './sample-aggregate.ts';
export type { AggregateSpec, DecidedSpec } from './spec.ts';
export { spec } from './spec.ts';
