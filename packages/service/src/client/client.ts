import type { Call } from '@dure/core';
import type {
  AnyContract,
  CallerInput,
  HttpOperation,
  HttpSpec,
  OutputOf,
  PageItem,
  PagesSpec,
  RefusalOf,
} from '../contract/index.ts';

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

/** An operation whose output is one page of a list. */
export interface PagedOperation<S extends HttpSpec> extends ClientOperation<S> {
  /**
   * The items of all pages from the one that the input asks for, each page fetched when the items before it are used up.
   * SERVICE_RESPONSE_INVALID when the service leads round in a circle.
   *
   * @example
   * for await (const order of client.list.pages({ query: { limit: 100 } }, call)) …
   */
  pages(input: CallerInput<S>, call: Call): AsyncGenerator<PageItem<S>>;
}

/** A client, inferred from a contract: one function for each of its HTTP operations. */
export type Client<C extends AnyContract> = {
  readonly [Name in keyof C['operations']]: C['operations'][Name] extends HttpOperation<infer S>
    ? S extends { readonly pages: PagesSpec }
      ? PagedOperation<S>
      : ClientOperation<S>
    : never;
};
