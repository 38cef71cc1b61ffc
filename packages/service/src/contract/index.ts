export type { AnyContract, Contract } from './contract.ts';
export { command, contract, get, isExposable, patch, post, put, remove } from './contract.ts';
export type { OpenApi, OpenApiInfo } from './open-api.ts';
export { openApi } from './open-api.ts';
export type {
  Access,
  AnySchema,
  Binding,
  Bindings,
  CallerInput,
  CommandSpec,
  HandlerInput,
  HandlerOutput,
  HttpOperation,
  HttpSpec,
  Method,
  OutputOf,
  RefusalOf,
} from './operation-spec.ts';
