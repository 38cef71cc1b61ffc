import type { Schema } from '@dure/core';
import type { Upcasts } from './upcast.ts';

/** A refusal that a command or an operation may answer with. */
export interface RefusalSpec {
  /** The HTTP status at an HTTP binding. */
  readonly status: number;
  readonly data: Schema<unknown, unknown>;
}

export type RefusalSpecs = Readonly<Record<string, RefusalSpec>>;

/**
 * What a command claims for its saga, in the transaction of its handler: a semantic lock. Another saga finds it claimed until
 * this one has ended, or has taken the step back.
 */
export interface ClaimSpec<Input> {
  /** The resources, such as `seat:12A`. */
  readonly resources: (input: Input) => readonly string[];
  /**
   * What a saga does that finds one claimed: it is refused with `Busy`; it waits; or the older of the two waits and the
   * younger gives up after its attempts, which no ring of waiting sagas survives. Default `wait-die`.
   */
  readonly policy?: 'refuse' | 'wait' | 'wait-die';
}

/**
 * A command as a contract value: an operation whose binding is a message. Its sender puts it into its own log;
 * the service that owns it pulls it from there, and answers by a reply in *its* log.
 */
export interface CommandType<
  Name extends string = string,
  Input = unknown,
  Output = unknown,
  Refuses extends RefusalSpecs = RefusalSpecs,
> {
  readonly kind: 'command';
  /** The service that carries it out. */
  readonly service: string;
  readonly name: Name;
  /** Of its input. Default 1. */
  readonly version?: number;
  /** How input of earlier versions is brought up when it is read. */
  readonly upcasts?: Upcasts;
  readonly input: Schema<unknown, Input>;
  /** Its input may be as long as 64 Mi characters. Default: 1 Mi. */
  readonly large?: boolean;
  readonly output: Schema<unknown, Output> | undefined;
  readonly refuses: Refuses;
  /** Commands with the same key are carried out in the order in which they were sent. */
  readonly key: (input: Input) => string;
  /** Dotted paths of input fields that must never reach a log or a trace. */
  readonly sensitive: readonly string[];
  readonly claims?: ClaimSpec<Input> | undefined;
}

/** Any command, where its types do not matter. */
export interface AnyCommand {
  readonly kind: 'command';
  readonly service: string;
  readonly name: string;
  readonly version?: number;
  readonly upcasts?: Upcasts;
  readonly input: Schema<unknown, unknown>;
  readonly large?: boolean;
  readonly output: Schema<unknown, unknown> | undefined;
  readonly refuses: RefusalSpecs;
  readonly key: (input: never) => string;
  readonly sensitive: readonly string[];
  readonly claims?: ClaimSpec<never> | undefined;
}

/** What a command's handler receives. */
export type CommandInput<C> = C extends { readonly input: Schema<unknown, infer Input> } ? Input : never;
/** What it answers. */
export type CommandOutput<C> = C extends { readonly output: Schema<unknown, infer Output> | undefined }
  ? Output
  : never;
