import { personalMarks } from '@dure/messaging';
import { eventSourcingErrors } from '../errors.ts';
import type { AnyProjection } from '../projection.ts';
import { subjectForgotten } from './subject-forgotten.ts';

/** A table that is made of personal data must say what becomes of it: EVENT_SOURCING_DEFINITION_INVALID otherwise. */
export function demandForgetting(projections: readonly AnyProjection[]): void {
  for (const { name, mode, steps } of projections) {
    if (mode === 'live' || steps.has(subjectForgotten.name)) continue;
    const found = [...steps.values()].find(({ event }) => personalMarks(event.schema) !== undefined);
    if (found === undefined) continue;
    throw eventSourcingErrors.DEFINITION_INVALID(
      `the projection "${name}" takes in "${found.event.name}", which says something of a person; say by \`.on(subjectForgotten, …)\` what becomes of its rows`,
    );
  }
}
