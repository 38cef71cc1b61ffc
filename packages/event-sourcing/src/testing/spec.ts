import assert from 'node:assert/strict';
import type { Aggregate, AnyAggregate, Outcome } from '../aggregate.ts';
import { decided, evolved, factsOf, isRefused } from '../evolve.ts';
import type { Fact } from '../fact.ts';
import type { Projection } from '../projection.ts';
import type { ProjectionSpec } from './projection-spec.ts';
import { projectionSpec } from './projection-spec.ts';

/** An aggregate with a past. */
export interface AggregateSpec<State, Known extends string, Decisions> {
  /** More of what has happened. */
  given(...facts: readonly Fact<Known>[]): AggregateSpec<State, Known, Decisions>;
  /** Decides, in the state that the past has led to. */
  when<Name extends keyof Decisions & string>(
    decision: Name,
    input: Decisions[Name],
  ): DecidedSpec<State, Known, Decisions>;
  /** Expects the state. */
  expectState(state: State): AggregateSpec<State, Known, Decisions>;
}

/** A decision, to be judged. */
export interface DecidedSpec<State, Known extends string, Decisions> {
  /** Expects exactly these facts; they are then part of the past. */
  then(...facts: readonly Fact<Known>[]): AggregateSpec<State, Known, Decisions>;
  /** Expects a refusal. */
  refuses(code: string, data?: unknown): AggregateSpec<State, Known, Decisions>;
}

/**
 * A specification of an aggregate or of a projection: pure, without a store.
 *
 * @example
 * spec(stock).given(fact(supplied, line)).when('reserve', { sku, orderId, quantity: 9 }).refuses('OutOfStock', { available: 5 });
 */
export function spec<State, Known extends string, Decisions>(
  definition: Aggregate<string, State, Known, Decisions>,
): AggregateSpec<State, Known, Decisions>;
export function spec<Id extends string, Row, Tx>(definition: Projection<Id, Row, Tx>): ProjectionSpec<Row>;
export function spec(definition: AnyAggregate | Projection<string, unknown, unknown>): unknown {
  return 'steps' in definition ? projectionSpec(definition) : after(definition, []);
}

function after<State, Known extends string, Decisions>(
  definition: AnyAggregate,
  past: readonly Fact[],
): AggregateSpec<State, Known, Decisions> {
  const state = () =>
    evolved(
      definition,
      definition.initial(),
      past.map(({ type, event, data }) => ({ type, schemaVersion: event.version, data })),
    );
  const judged = (outcome: Outcome<string>): DecidedSpec<State, Known, Decisions> => ({
    // biome-ignore lint/suspicious/noThenProperty: given, when, then; a specification is never awaited.
    then(...facts) {
      assert.ok(!isRefused(outcome), `it was refused: ${JSON.stringify(outcome)}`);
      const decidedFacts = factsOf(outcome);
      assert.deepEqual(decidedFacts.map(inWords), facts.map(inWords));
      return after(definition, [...past, ...decidedFacts]);
    },
    refuses(code, data) {
      assert.ok(isRefused(outcome), `it was not refused, but led to ${JSON.stringify(outcome)}`);
      assert.equal(outcome.code, code);
      if (data !== undefined) assert.deepEqual(outcome.data, data);
      return after(definition, past);
    },
  });
  return {
    given: (...facts) => after(definition, [...past, ...facts]),
    when: (name, input) => judged(decided(definition, name, input, state())),
    expectState(expected) {
      assert.deepEqual(state(), expected);
      return after(definition, past);
    },
  };
}

function inWords({ type, data }: Fact) {
  return { type, data };
}
