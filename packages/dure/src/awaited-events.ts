import type { AnyEvent } from '@dure/messaging';
import type { ServiceDefinition } from '@dure/service/server';

/** The events that a service reacts to or that its sagas wait for. */
export function awaitedEvents({ reactions, sagas }: ServiceDefinition): readonly AnyEvent[] {
  return [...reactions.map(({ event }) => event), ...sagas.flatMap(({ waits }) => waits)];
}
