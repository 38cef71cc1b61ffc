export type { AnyContract, Contract } from './contract.ts';
export { command, contract, get, isExposable, patch, post, put, remove } from './contract.ts';
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
