/** A declared business answer other than success: part of the contract, never retried, never trips a breaker. */
export class Refusal<Code extends string = string, Data = unknown> extends Error {
  override readonly name = 'Refusal';
  readonly service: string;
  readonly operation: string;
  readonly code: Code;
  readonly data: Data;
  /** The HTTP status that the contract declares for it. */
  readonly status: number;

  constructor(refused: { service: string; operation: string; code: Code; data: Data; status: number }) {
    super(`${refused.service}.${refused.operation} refused: ${refused.code}`);
    this.service = refused.service;
    this.operation = refused.operation;
    this.code = refused.code;
    this.data = refused.data;
    this.status = refused.status;
  }
}

/** Whether a value is a `Refusal`, also one of another copy of this package. */
export function isRefusal(value: unknown): value is Refusal {
  return value instanceof Error && value.name === 'Refusal' && 'data' in value;
}
