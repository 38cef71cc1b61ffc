export { accessText, checkAccess, isAccess, isExposable } from './access.ts';
export type { Bytes, BytesOptions, BytesSchema, BytesSource } from './bytes.ts';
export { bytes, bytesOf, isBytes } from './bytes.ts';
export type { CallPolicies, CallPolicy } from './call-policy.ts';
export type { InputParts } from './checked-input.ts';
export { checkedInput } from './checked-input.ts';
export type { AnyContract, Contract, ContractOptions } from './contract.ts';
export { command, contract, get, patch, post, put, remove } from './contract.ts';
export { describedOperations } from './described-operation.ts';
export type { CommandOutcome } from './exposed-command.ts';
export type { OpenApi, OpenApiInfo } from './open-api.ts';
export { openApi } from './open-api.ts';
export type {
  Access,
  AnySchema,
  Binding,
  Bindings,
  CallerInput,
  CommandBinding,
  CommandSpec,
  ExposeSpec,
  GrpcBinding,
  HandlerInput,
  HandlerOutput,
  HttpBinding,
  HttpOperation,
  HttpSpec,
  Method,
  OutputOf,
  PageItem,
  PagesSpec,
  RateLimitSpec,
  RefusalOf,
} from './operation-spec.ts';
