export type { SagaChange, SagaCommand, SagaEvent, SagaHistoryEntry } from './advance.ts';
export { advance } from './advance.ts';
export { beginSaga } from './begin-saga.ts';
export { sagaErrors } from './errors.ts';
export type { Fenced } from './fenced.ts';
export { cancelledCode, fenced, fencedAnswer } from './fenced.ts';
export type { Ending, SagaInstance, SagaState, StepRecord } from './instance.ts';
export { dueAt, isPinnedTo, resultsOf, stateOf } from './instance.ts';
export type { AnySaga, Saga, SagaEnd, SagaFailure, SagaStep, StepContext, UndoContext } from './saga.ts';
export type {
  DecidedSagaDraft,
  EndHooks,
  SagaDraft,
  SagaOptions,
  StepOptions,
  StepTiming,
  Unrefusable,
  WhyUndone,
} from './saga-builder.ts';
export { saga } from './saga-builder.ts';
export type { FenceRow, SagaFence } from './saga-fence.port.ts';
export type { SagaRunner, SagaRunnerOptions } from './saga-runner.ts';
export { sagaRunner } from './saga-runner.ts';
export type { DueSaga, OpenSagas, SagaFilter, SagaStore } from './saga-store.port.ts';
export type { Send } from './send.ts';
export { send } from './send.ts';
