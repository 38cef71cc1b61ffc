export type { HttpRequest, HttpResponse, HttpRoute } from './http-route.ts';
export type { IdempotencyStore } from './idempotency-store.port.ts';
export type { Registered, Registrar, Registration } from './registrar.port.ts';
export type { Resource } from './resource.port.ts';
export type {
  Additions,
  AnyHandler,
  Clients,
  CommandHandler,
  Handlers,
  Listener,
  OpenListener,
  Platform,
  Reaction,
  SagaDefinition,
  ServiceDefinition,
  StartContext,
} from './service.ts';
export { on, service } from './service.ts';
export type { TokenVerifier } from './token-verifier.port.ts';
