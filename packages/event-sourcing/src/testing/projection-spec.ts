import assert from 'node:assert/strict';
import type { Fact } from '../fact.ts';
import { foldedRow } from '../fold-rows.ts';
import type { Projection } from '../projection.ts';

/** A projection with a past. */
export interface ProjectionSpec<Row> {
  /** More of what has happened. */
  given(...facts: readonly Fact[]): ProjectionSpec<Row>;
  /** Expects a row, or that there is none. */
  expectRow(id: string, row: Row | undefined): ProjectionSpec<Row>;
}

/** A specification of a projection's folds: pure, without a table. */
export function projectionSpec<Id extends string, Row, Tx>(definition: Projection<Id, Row, Tx>): ProjectionSpec<Row> {
  return after(definition, []);
}

function after<Id extends string, Row, Tx>(
  definition: Projection<Id, Row, Tx>,
  past: readonly Fact[],
): ProjectionSpec<Row> {
  return {
    given: (...facts) => after(definition, [...past, ...facts]),
    expectRow(id, expected) {
      const events = past.map(({ type, event, data }) => ({ type, schemaVersion: event.version, data }));
      assert.deepEqual(foldedRow<Row>(definition, id, events), expected);
      return after(definition, past);
    },
  };
}
