import type { AnyEvent } from '@dure/messaging';
import type { AnyAggregate, Outcome, Refused } from './aggregate.ts';
import { eventSourcingErrors } from './errors.ts';
import type { Fact } from './fact.ts';
import { maskData } from './personal/sealed-data.ts';

/** An event as it was written, perhaps by an older release. */
export interface WrittenEvent {
  readonly type: string;
  /** Of the data's schema. */
  readonly schemaVersion: number;
  readonly data: unknown;
}

/** The state after some more events. EVENT_SOURCING_EVENT_UNKNOWN. */
export function evolved(definition: AnyAggregate, state: unknown, events: readonly WrittenEvent[]): unknown {
  let now = state;
  for (const written of events) {
    const found = definition.evolutions.get(written.type);
    if (found === undefined) throw unknownEvent(`the aggregate "${definition.name}"`, written);
    now = found.evolve(now as never, currentData(found.event, written) as never);
  }
  return now;
}

/** What a decision says in a state; pure. */
export function decided(definition: AnyAggregate, name: string, input: unknown, state: unknown): Outcome<string> {
  const found = definition.decisions.get(name);
  if (found === undefined) {
    throw eventSourcingErrors.DEFINITION_INVALID(
      `the aggregate "${definition.name}" decides nothing called "${name}"; add a \`handle\` for it`,
    );
  }
  return found.decide(input as never, state as never, found.fail as never);
}

/** The facts of an outcome that is not refused. */
export function factsOf(outcome: Exclude<Outcome<string>, Refused>): readonly Fact[] {
  return 'kind' in outcome ? [outcome] : outcome;
}

/** Whether a decision was refused. */
export function isRefused(outcome: Outcome<string>): outcome is Refused {
  return 'kind' in outcome && outcome.kind === 'refused';
}

/** The data in the event's present version, upcast step by step. EVENT_SOURCING_EVENT_UNKNOWN when no way leads there. */
export function currentData(event: AnyEvent, written: WrittenEvent): unknown {
  const { upcast = {} } = event as AnyEvent & { readonly upcast?: Readonly<Record<number, (data: never) => unknown>> };
  let data = maskData(event, written.data);
  for (let version = written.schemaVersion; version !== event.version; version += 1) {
    const step = upcast[version];
    if (step === undefined || version > event.version) throw unknownEvent(`version ${event.version} of it`, written);
    data = step(data as never);
  }
  return data;
}

function unknownEvent(reader: string, { type, schemaVersion }: WrittenEvent): Error {
  return eventSourcingErrors.EVENT_UNKNOWN(`${reader} cannot read the event "${type}" of version ${schemaVersion}`, {
    details: { type, version: schemaVersion },
  });
}
