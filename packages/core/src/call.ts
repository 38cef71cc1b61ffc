import type { Clock } from './clock.ts';
import { FallbackNotes } from './fallback-notes.ts';
import type { Identity } from './identity.ts';
import { anonymous } from './identity.ts';
import type { Ids } from './ids.ts';
import type { Operation } from './operation.ts';
import { plainOperation } from './operation.ts';
import { SeenPositions } from './seen-positions.ts';
import type { TraceContext } from './trace-context.ts';
import { newTrace } from './trace-context.ts';

/** An instance that an attempt goes to. */
export interface Target {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Its port speaks TLS. Default false. */
  readonly secure?: boolean;
}

/** Which try this is, and what earlier tries used up. */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  /** Ids of the instances already tried, so that the next attempt avoids them. */
  readonly tried: readonly string[];
  /** The instance that this attempt goes to, once the balancer has picked it. */
  readonly target?: Target;
  /** Retries that the callers above still allow; undefined when nobody limited them. */
  readonly budgetLeft?: number;
  /** Why the attempts before this one failed, in order. */
  readonly failed?: readonly unknown[];
}

/** What ends a call early, where an AbortSignal for each call would cost too much: one is made when somebody asks. */
export interface CallEnd {
  readonly signal: AbortSignal;
  /** Tells `ended` once when it comes to that, at once if it has come to that. */
  follow(ended: () => void): void;
  unfollow(ended: () => void): void;
}

/** What may change from one call to the next in the same chain. */
export interface CallChange {
  readonly operation?: Operation;
  readonly attempt?: Attempt;
  readonly idempotencyKey?: string | undefined;
  readonly inputHash?: string | undefined;
  /** A function is asked once, when somebody first needs the signal. */
  readonly signal?: AbortSignal | (() => AbortSignal) | CallEnd;
  readonly deadline?: number;
  readonly trace?: TraceContext;
  readonly identity?: Identity;
  readonly baggage?: Readonly<Record<string, string>>;
  /** Notes of its own, for a call whose answer is not simply part of its caller's. */
  readonly fallbacks?: FallbackNotes;
  readonly positions?: SeenPositions;
}

/** Everything that travels with a call. Explicit and immutable: whoever needs it is handed it. */
export interface Call {
  readonly operation: Operation;
  readonly attempt: Attempt;
  /** The caller's `Idempotency-Key`; the same over all attempts. */
  readonly idempotencyKey: string | undefined;
  /** A digest of operation, caller and input, by which a reused key with another input is recognised. */
  readonly inputHash: string | undefined;
  /** Aborts when the caller has gone. Deadlines are a number, so that no timer exists until one is needed. */
  readonly signal: AbortSignal;
  /**
   * Epoch milliseconds after which nobody waits any more; `Infinity` when there is no limit. A jump of wall time makes
   * calls under way give up early or late once; what bounds them is `operation.timeoutMs`, which is monotonic (ADR 5).
   */
  readonly deadline: number;
  readonly trace: TraceContext;
  readonly identity: Identity;
  readonly baggage: Readonly<Record<string, string>>;
  /** What stood in for other answers since the chain began in this process; shared by all copies, told with the answer. */
  readonly fallbacks: FallbackNotes;
  /** What of services' logs the caller has seen; shared by all copies, what was written is told with the answer. */
  readonly positions: SeenPositions;
  /** Tells `ended` when `signal` aborts, at once if it has; cheaper than a listener of the signal, which this may not need. */
  follow(ended: () => void): void;
  unfollow(ended: () => void): void;
  /** A copy with some things changed. A deadline can only shrink. */
  with(change: CallChange): Call;
}

const never: AbortSignal = new AbortController().signal;
const firstAttempt: Attempt = { number: 1, tried: [] };
const noBaggage: Readonly<Record<string, string>> = {};

type CallParts = Omit<Call, 'with' | 'signal' | keyof CallEnd> & { readonly signal: Required<CallChange>['signal'] };

class CallValue implements Call {
  readonly operation: Operation;
  readonly attempt: Attempt;
  readonly idempotencyKey: string | undefined;
  readonly inputHash: string | undefined;
  readonly deadline: number;
  readonly trace: TraceContext;
  readonly identity: Identity;
  readonly baggage: Readonly<Record<string, string>>;
  readonly fallbacks: FallbackNotes;
  readonly positions: SeenPositions;
  #signal: Required<CallChange>['signal'];

  constructor(parts: CallParts) {
    this.operation = parts.operation;
    this.attempt = parts.attempt;
    this.idempotencyKey = parts.idempotencyKey;
    this.inputHash = parts.inputHash;
    this.#signal = parts.signal;
    this.deadline = parts.deadline;
    this.trace = parts.trace;
    this.identity = parts.identity;
    this.baggage = parts.baggage;
    this.fallbacks = parts.fallbacks;
    this.positions = parts.positions;
  }

  get signal(): AbortSignal {
    if (typeof this.#signal === 'function') this.#signal = this.#signal();
    return 'follow' in this.#signal ? this.#signal.signal : this.#signal;
  }

  follow(ended: () => void): void {
    if (this.#signal === never) return;
    if ('follow' in this.#signal) this.#signal.follow(ended);
    else if (this.signal.aborted) ended();
    else this.signal.addEventListener('abort', ended, { once: true });
  }

  unfollow(ended: () => void): void {
    if (this.#signal === never) return;
    if ('follow' in this.#signal) this.#signal.unfollow(ended);
    else this.signal.removeEventListener('abort', ended);
  }

  with(change: CallChange): Call {
    return new CallValue({
      operation: change.operation ?? this.operation,
      attempt: change.attempt ?? this.attempt,
      idempotencyKey: 'idempotencyKey' in change ? change.idempotencyKey : this.idempotencyKey,
      inputHash: 'inputHash' in change ? change.inputHash : this.inputHash,
      signal: change.signal ?? (typeof this.#signal === 'function' ? () => this.signal : this.#signal),
      deadline: Math.min(change.deadline ?? Number.POSITIVE_INFINITY, this.deadline),
      trace: change.trace ?? this.trace,
      identity: change.identity ?? this.identity,
      baggage: change.baggage ?? this.baggage,
      fallbacks: change.fallbacks ?? this.fallbacks,
      positions: change.positions ?? this.positions,
    });
  }
}

/** What starts a chain of calls; everything but the trace has a default. */
export interface CallStart extends CallChange {
  readonly trace: TraceContext;
}

/**
 * Starts a chain of calls: at the edge, in a job, in a test.
 *
 * @example
 * const call = startCall({ trace: newTrace(ids), deadline: clock.now() + 2_000 });
 */
export function startCall(start: CallStart): Call {
  return new CallValue({
    operation: start.operation ?? plainOperation('', ''),
    attempt: start.attempt ?? firstAttempt,
    idempotencyKey: start.idempotencyKey,
    inputHash: start.inputHash,
    signal: start.signal ?? never,
    deadline: start.deadline ?? Number.POSITIVE_INFINITY,
    trace: start.trace,
    identity: start.identity ?? anonymous,
    baggage: start.baggage ?? noBaggage,
    fallbacks: start.fallbacks ?? new FallbackNotes(),
    positions: start.positions ?? new SeenPositions(),
  });
}

/** A call for work that a process does on its own account, such as a timer or a start-up step. */
export function ownCall(service: string, name: string, ids: Ids, signal?: AbortSignal): Call {
  const identity: Identity = { kind: 'service', subject: service, roles: [], scopes: [] };
  const start = { operation: plainOperation(service, name), trace: newTrace(ids), identity };
  return startCall(signal === undefined ? start : { ...start, signal });
}

/** Milliseconds until the call's deadline; zero or less when it has passed, `Infinity` when there is none. */
export function timeLeftMs(call: Call, clock: Clock): number {
  return call.deadline - clock.now();
}
