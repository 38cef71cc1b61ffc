export { serviceErrors } from '../errors.ts';
export type { AdmissionLimits } from './admission-section.ts';
export type { HttpRequest, HttpResponse, HttpRoute } from './http-route.ts';
export { statusOfKind } from './http-status.ts';
export type { IdempotencyStore } from './idempotency-store.port.ts';
export { parseBaggage } from './inbound-call.ts';
export type { ArrivedInput } from './input-judge.ts';
export { inputJudge } from './input-judge.ts';
export { lingerAfter } from './linger.ts';
export type { OperationSet } from './operation-set.ts';
export type { ProblemAnswer } from './problem-answer.ts';
export { problemAnswer } from './problem-answer.ts';
export type { EmitOf, FlowPart, Reaction, ReactionOptions, ReactionSpec } from './reaction.ts';
export { on, reaction } from './reaction.ts';
export type { Registered, Registrar, Registration } from './registrar.port.ts';
export type { Resource } from './resource.port.ts';
export type {
  Additions,
  AnyHandler,
  Bind,
  Clients,
  CommandHandler,
  Handlers,
  Listener,
  OpenListener,
  Platform,
  SagaDefinition,
  ServiceDefinition,
  StartContext,
} from './service.ts';
export { service } from './service.ts';
export { sectionsOf } from './service-sections.ts';
export type { RunningService, ServiceParts, StopPatience } from './start-service.ts';
export { startService } from './start-service.ts';
export type { TokenVerifier } from './token-verifier.port.ts';
export type { UserTokenIssuer } from './user-token-issuer.port.ts';
