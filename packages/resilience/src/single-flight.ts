import type { Call, Clock, Layer, Operation } from '@dure/core';
import { codeOf, timeLeftMs } from '@dure/core';
import { cancelled, deadlineExceeded } from './deadline.ts';
import { DerivedSignal } from './derived-signal.ts';
import { resilienceErrors } from './errors.ts';
import type { WaitingLine } from './waiting-line.ts';
import { waitingLine } from './waiting-line.ts';

export interface SingleFlightOptions<In> {
  readonly clock: Clock;
  /** What makes two calls the same question; undefined: this call goes alone. Callers who may see different things are kept apart unless `shared`. */
  readonly key: (input: In, call: Call) => string | undefined;
  /** Whether all callers get the same answer, whoever they are. Default false. */
  readonly shared?: boolean;
  readonly observe?: (event: FlightEvent) => void;
}

/** A call did not go out: it waits for the answer to one that asks the same. */
export interface FlightEvent {
  readonly kind: 'flight-joined';
  readonly operation: Operation;
}

/**
 * Lets calls that ask the same at the same time share one answer. A caller who leaves, or whose deadline passes, leaves
 * alone; the flight goes on for the others and is cancelled when the last has left. It carries the deadline of the call
 * that began it: who has more time asks again when that passes. All get the same object: do not change it.
 *
 * @example
 * stack(singleFlight({ clock, key: ({ params }) => params.sku }), retry({ … }))(getStock)
 */
export function singleFlight<In, Out>(options: SingleFlightOptions<In>): Layer<In, Out> {
  const flights = new Map<string, Flight<Out>>();
  return (next) => (input, call) => {
    const key = callerKey(options, input, call);
    if (key === undefined) return next(input, call);
    return fly(flights, key, options, call, (flightCall) => next(input, flightCall));
  };
}

/** The key of a question, with the caller in it unless all callers get the same answer. */
export function callerKey<In>(options: SingleFlightOptions<In>, input: In, call: Call): string | undefined {
  const key = options.key(input, call);
  if (key === undefined || options.shared === true) return key;
  return JSON.stringify([call.identity, key]);
}

interface FlightOptions {
  readonly clock: Clock;
  readonly observe?: ((event: FlightEvent) => void) | undefined;
}

/** Joins the flight of a key, or begins it. */
export async function fly<Out>(
  flights: Map<string, Flight<Out>>,
  key: string,
  { clock, observe }: FlightOptions,
  call: Call,
  run: (call: Call) => Promise<Out>,
): Promise<Out> {
  for (;;) {
    if (call.signal.aborted) throw cancelled(call);
    const leftMs = timeLeftMs(call, clock);
    if (leftMs <= 0) throw deadlineExceeded(call, leftMs);
    let flight = flights.get(key);
    if (flight === undefined) {
      const begun = new Flight<Out>(clock, call, () => {
        if (flights.get(key) === begun) flights.delete(key);
      });
      flights.set(key, begun);
      void begun.run(run);
      flight = begun;
    } else observe?.({ kind: 'flight-joined', operation: call.operation });
    const outcome = await flight.join(call);
    if (outcome.ok) return outcome.output;
    const isBeginnersDeadline = codeOf(outcome.error) === resilienceErrors.DEADLINE_EXCEEDED.code;
    if (!isBeginnersDeadline || flight.begunBy === call || timeLeftMs(call, clock) <= 0) throw outcome.error;
  }
}

type Outcome<Out> = { readonly ok: true; readonly output: Out } | { readonly ok: false; readonly error: unknown };

/** One call on behalf of several. */
export class Flight<Out> {
  readonly begunBy: Call;
  readonly #line: WaitingLine;
  readonly #signal = new DerivedSignal();
  readonly #landed: () => void;
  #outcome: Outcome<Out> | undefined = undefined;

  constructor(clock: Clock, begunBy: Call, landed: () => void) {
    this.begunBy = begunBy;
    this.#landed = landed;
    this.#line = waitingLine(clock, () => {
      if (this.#line.length === 0 && this.#outcome === undefined) this.#abandon();
    });
  }

  async run(run: (call: Call) => Promise<Out>): Promise<void> {
    let outcome: Outcome<Out>;
    try {
      outcome = { ok: true, output: await run(this.begunBy.with({ signal: this.#signal.get })) };
    } catch (error) {
      outcome = { ok: false, error };
    }
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#landed();
    while (this.#line.next());
  }

  async join(call: Call): Promise<Outcome<Out>> {
    await this.#line.join(call, Number.POSITIVE_INFINITY);
    return this.#outcome ?? { ok: false, error: cancelled(call) };
  }

  #abandon(): void {
    const reason = resilienceErrors.CANCELLED('everybody who waited for this answer has gone');
    this.#outcome = { ok: false, error: reason };
    this.#landed();
    this.#signal.abort(reason);
  }
}
