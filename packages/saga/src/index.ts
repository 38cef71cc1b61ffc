export { advance } from './advance.ts';
export { beginSaga } from './begin-saga.ts';
export type {
  Outcome,
  SagaAction,
  SagaChange,
  SagaCommand,
  SagaEvent,
  SagaHistoryEntry,
  SagaMove,
  SagaWork,
  StepDirection,
} from './change.ts';
export type { ClaimStore } from './claim-store.port.ts';
export type { Claimed } from './claims.ts';
export { busyCode, claimed } from './claims.ts';
export type { Decider, Decision, Decisions, Happened } from './decider.ts';
export { sagaErrors } from './errors.ts';
export type { Fenced } from './fenced.ts';
export { cancelledCode, fenced, fencedAnswer } from './fenced.ts';
export type { FlowMap, FlowReaction } from './flow-map.ts';
export { eventsOfFlow } from './flow-map.ts';
export type { FlowSighting, FlowStore, WatchedFlow } from './flow-store.port.ts';
export type { FlowWatcher, FlowWatcherOptions } from './flow-watcher.ts';
export { flowWatcher } from './flow-watcher.ts';
export type { Ending, SagaInstance, SagaState, StepRecord, WaitsFor } from './instance.ts';
export { dueAt, isPinnedTo, resultsOf, stateOf, waitsOf } from './instance.ts';
export { leavesOf } from './nodes.ts';
export type { Operator } from './operate.ts';
export type {
  Allowed,
  AllowedNothing,
  CommandContext,
  CommandHappened,
  CommandOptions,
  DecidedProcess,
  Deciding,
  LocalHappened,
  ProcessContext,
  ProcessDecider,
  ProcessDraft,
  ProcessEnd,
  ProcessOptions,
  WhyTurnedBack,
} from './process-draft.ts';
export { processManager } from './process-manager.ts';
export type {
  AnySaga,
  EachNode,
  ItemContext,
  LocalStep,
  ParallelNode,
  RepeatedNode,
  Saga,
  SagaEnd,
  SagaFailure,
  SagaLeaf,
  SagaNode,
  SagaStep,
  StepContext,
  StepKind,
  SubStep,
  UndoContext,
  WaitStep,
  WhenNode,
} from './saga.ts';
export { saga } from './saga-builder.ts';
export type {
  DecidedParallelDraft,
  DecidedSagaDraft,
  EachOptions,
  EndHooks,
  ParallelDraft,
  SagaDraft,
  SagaOptions,
  StepOptions,
  StepStatus,
  StepTiming,
  Undoing,
  Unrefusable,
  WaitOptions,
  WhyUndone,
} from './saga-draft.ts';
export type { FencedMark, FenceRow, SagaFence } from './saga-fence.port.ts';
export type { SagaRunner, SagaRunnerOptions } from './saga-runner.ts';
export { sagaRunner } from './saga-runner.ts';
export type { DueSaga, OpenSagas, SagaArrival, SagaFilter, SagaStore } from './saga-store.port.ts';
export type { ItemSender, Send } from './send.ts';
export { send } from './send.ts';
