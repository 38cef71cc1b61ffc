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
  CommandBinding,
  CommandSpec,
  HandlerInput,
  HandlerOutput,
  HttpBinding,
  HttpOperation,
  HttpSpec,
  Method,
  OutputOf,
  RefusalOf,
} from './operation-spec.ts';
