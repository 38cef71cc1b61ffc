import type { AnyCommand, CommandType, RefusalSpecs } from '@dure/messaging';

/** A command of a step: what to send, and how its data follows from what the saga knows. */
export interface Send<Context, Output = unknown, Refuses = unknown> {
  readonly command: AnyCommand;
  readonly data: (context: Context) => unknown;
  /** Carries types only; `codes` is what keeps a refusable command from where none may stand. */
  readonly types?: { readonly output: Output; readonly refuses: Refuses; readonly codes: keyof Refuses };
}

/** Says which command is sent for an item of a fan-out. */
export interface ItemSender<Context> {
  send<Input, Output, Refuses extends RefusalSpecs>(
    command: CommandType<string, Input, Output, Refuses>,
    data: (context: Context) => NoInfer<Input>,
  ): Send<Context, Output, Refuses>;
}

/**
 * Says which command a step sends. `data` is a pure function: it may run more than once.
 *
 * @example
 * send(inventory.commands.reserve, (c) => ({ orderId: c.input.orderId, lines: c.input.lines }))
 */
export function send<Context, Input, Output, Refuses extends RefusalSpecs>(
  command: CommandType<string, Input, Output, Refuses>,
  data: (context: Context) => NoInfer<Input>,
): Send<Context, Output, Refuses> {
  return { command, data };
}
