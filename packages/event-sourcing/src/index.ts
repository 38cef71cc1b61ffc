export type {
  Aggregate,
  AggregateOptions,
  AnyAggregate,
  Decidable,
  DecisionRefusals,
  Fail,
  Outcome,
  Refused,
} from './aggregate.ts';
export { aggregate, streamOf } from './aggregate.ts';
export { eventSourcingErrors } from './errors.ts';
export type {
  Append,
  EventStore,
  ExpectedVersion,
  Snapshot,
  StoredStream,
  StreamEvent,
} from './event-store.port.ts';
export type { WrittenEvent } from './evolve.ts';
export { currentData } from './evolve.ts';
export type { Fact } from './fact.ts';
export { fact } from './fact.ts';
export type { Rows } from './fold-rows.ts';
export { foldedRow, foldInto, idsOf } from './fold-rows.ts';
export { demandForgetting } from './personal/demand-forgetting.ts';
export { newKey, seal, unseal } from './personal/seal.ts';
export type { SubjectKeys } from './personal/sealed-data.ts';
export {
  openData,
  openState,
  sealData,
  sealedSubjects,
  sealState,
  stateSubjects,
} from './personal/sealed-data.ts';
export { subjectForgotten } from './personal/subject-forgotten.ts';
export type {
  AnyProjection,
  Projection,
  ProjectionMode,
  ProjectionOptions,
  ProjectionStep,
} from './projection.ts';
export { projection } from './projection.ts';
export type { Column } from './projection-columns.ts';
export { pendingEvents, putFacts, streamConflict } from './put-facts.ts';
export type { Loaded, Repository } from './repository.ts';
export { repository } from './repository.ts';
