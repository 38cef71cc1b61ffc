import type { Call, SchemaOutput } from '@dure/core';
import type { AnyCommand, CommandInput, CommandOutput, RefusalSpecs } from './command.ts';

/** How a command is asked. */
export interface AskOptions {
  /** How long to wait at most, in milliseconds; never longer than the call's deadline. Default 10 000. */
  readonly withinMs?: number;
}

/** A declared refusal, as a value. */
export type AskRefusal<C> = C extends { readonly refuses: infer R extends RefusalSpecs }
  ? {
      readonly [Code in keyof R & string]: {
        readonly code: Code;
        readonly data: SchemaOutput<R[Code]['data']>;
      };
    }[keyof R & string]
  : never;

/** A command of another service that is sent through the log, and whose answer is waited for. */
export interface AskedCommand<C extends AnyCommand> {
  /**
   * Sends it and waits for its answer. Rejects with a `Refusal` when the service refuses, MESSAGING_ASK_DEADLINE when no answer has come
   * in time, MESSAGING_ASK_INSIDE while a unit of work of the same call is open, MESSAGING_ASK_LIMIT, MESSAGING_ASK_CANCELLED and
   * MESSAGING_ASK_ENDED. With the call's Idempotency-Key, a repetition with the same input is the same command, and gets its answer.
   *
   * @example
   * const { left } = await uses.transfer.ask({ from, to, amount }, call, { withinMs: 3_000 });
   */
  ask(input: CommandInput<C>, call: Call, options?: AskOptions): Promise<CommandOutput<C>>;
  /** The same; a refusal is a value. */
  attempt(
    input: CommandInput<C>,
    call: Call,
    options?: AskOptions,
  ): Promise<
    { readonly ok: true; readonly value: CommandOutput<C> } | { readonly ok: false; readonly refusal: AskRefusal<C> }
  >;
}
