import type { Call } from '@dure/core';
import type { AnyContract, CallerInput, HttpOperation, HttpSpec, OutputOf, RefusalOf } from '../contract/index.ts';

/** What `attempt` answers: the output, or a declared refusal as a value. */
export type Attempted<Output, Refusal> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly refusal: Refusal };

/** One operation as its caller sees it. */
export interface ClientOperation<S extends HttpSpec> {
  /** The output. Rejects with a `Refusal` when the service refuses and with a `DureError` when anything fails. */
  (input: CallerInput<S>, call: Call): Promise<OutputOf<S>>;
  /** The output or the refusal as a value; only failures reject. */
  attempt(input: CallerInput<S>, call: Call): Promise<Attempted<OutputOf<S>, RefusalOf<S>>>;
}

/** A client, inferred from a contract: one function for each of its HTTP operations. */
export type Client<C extends AnyContract> = {
  readonly [Name in keyof C['operations']]: C['operations'][Name] extends HttpOperation<infer S>
    ? ClientOperation<S>
    : never;
};
