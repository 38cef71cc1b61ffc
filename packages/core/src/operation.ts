/** What a layer may know of the operation it guards: plain contract data, no code. */
export interface Operation {
  /** The service that owns the operation, as in its contract: `inventory`. */
  readonly service: string;
  /** The operation's name in the contract: `getStock`. */
  readonly name: string;
  /**
   * Whether it may be sent again: `true` by its nature (a read), `'key'` when the call carries an
   * `Idempotency-Key`, `false` never.
   */
  readonly idempotent: boolean | 'key';
  /** Relative cost for limits and shedding; 1 is an ordinary read. */
  readonly cost: number;
  /** Dotted paths of input fields whose values must never reach a log, a trace or an error. */
  readonly sensitive: readonly string[];
  /** The longest time one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** The default of `Operation.timeoutMs`. */
export const defaultTimeoutMs = 5_000;

/** An operation for work that belongs to no contract: a job, a test, a start-up step. */
export function plainOperation(service: string, name: string): Operation {
  return { service, name, idempotent: false, cost: 1, sensitive: [], timeoutMs: defaultTimeoutMs };
}

/** Whether a failed call of this operation may be sent again. */
export function mayRepeat(operation: Operation, idempotencyKey: string | undefined): boolean {
  return operation.idempotent === true || (operation.idempotent === 'key' && idempotencyKey !== undefined);
}
