import { eventsOfFlow } from '@dure/saga';
import type { ServiceDefinition } from '@dure/service/server';
import { awaitedEvents } from '../awaited-events.ts';
import { dureErrors } from '../errors.ts';
import type { Definitions } from '../load-system.ts';
import type { FeedGrant } from '../run-file.ts';
import { flowMaps } from './flow-map.ts';

/** Who reads whose log, and what of it. */
export interface MessageFlow {
  /** For each consumer, the services whose logs it pulls, in alphabetical order. */
  readonly pulls: Readonly<Record<string, readonly string[]>>;
  /** Of `grants`, what a broker carries: to services that keep positions by lane. Others pull the feeds with a broker, too. */
  readonly brokered: Readonly<Record<string, Readonly<Record<string, FeedGrant>>>>;
  /** For each consumer, the services to whose events it reacts. */
  readonly hears: Readonly<Record<string, readonly string[]>>;
  /** For each consumer, whether commands or replies are addressed to it. */
  readonly addressed: Readonly<Record<string, boolean>>;
  /** For each consumer, the events that it may be replayed, each with the service in whose log it stands. */
  readonly replays: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** For each producer, what each of its consumers may read. */
  readonly grants: Readonly<Record<string, Readonly<Record<string, FeedGrant>>>>;
}

/**
 * Computes the flow of messages from the definitions: a service pulls the logs in which stand the events it reacts
 * to or its sagas wait for, the commands it carries out, and the replies to commands that its sagas send; and it may read nothing else.
 * DURE_SYSTEM_INVALID when something is awaited that nobody sends, or sent to nobody.
 */
export function messageFlow(definitions: Definitions): MessageFlow {
  const flow = new Flow();
  const emitters = emittersOf(definitions);
  // Its own log a service follows; it does not pull it.
  const hears = (consumer: string, event: string) => {
    const emitter = emitterOf(event, consumer, emitters);
    if (emitter !== consumer) flow.event(emitter, consumer, event);
  };
  for (const [consumer, definition] of Object.entries(definitions)) {
    checkDatabase(consumer, definition);
    for (const { name } of awaitedEvents(definition)) hears(consumer, name);
    // A command from outside is taken into the service's own log, from where it is carried out.
    if (Object.values(definition.contract.operations).some(({ spec }) => spec.carries !== undefined))
      flow.addressed(consumer, consumer);
    const sent = definition.sagas.flatMap(({ name, sends }) =>
      sends.map((command) => [`the saga "${name}" of "${consumer}" sends`, command] as const),
    );
    const asked = Object.values(definition.asks).map((command) => [`"${consumer}" asks`, command] as const);
    for (const [what, command] of [...sent, ...asked]) {
      checkCommand(consumer, what, command, definitions);
      flow.addressed(consumer, command.service);
      flow.addressed(command.service, consumer);
    }
  }
  for (const map of flowMaps(definitions)) {
    for (const event of eventsOfFlow(map)) hears(map.owner, event);
  }
  const byLane = Object.entries(definitions).filter(([, { database }]) => database?.kind === 'postgres');
  return {
    ...flow.result(Object.keys(definitions), new Set(byLane.map(([name]) => name))),
    replays: replaysOf(definitions, emitters),
  };
}

class Flow {
  readonly #grants = new Map<string, Map<string, { readonly events: Set<string>; addressed: boolean }>>();

  event(producer: string, consumer: string, type: string): void {
    this.#grant(producer, consumer).events.add(type);
  }

  addressed(producer: string, consumer: string): void {
    this.#grant(producer, consumer).addressed = true;
  }

  result(services: readonly string[], byLane: ReadonlySet<string>): Omit<MessageFlow, 'replays'> {
    const producers = [...this.#grants.keys()].sort();
    const pulls = services.map((consumer) => [
      consumer,
      producers.filter((producer) => this.#grants.get(producer)?.has(consumer) === true),
    ]);
    const grants = services.map((producer) => [producer, this.#grantsOf(producer)]);
    const grantsTo = (consumer: string) =>
      producers.map((name) => [name, this.#grants.get(name)?.get(consumer)] as const);
    const hears = services.map((consumer) => [
      consumer,
      grantsTo(consumer).flatMap(([producer, grant]) => ((grant?.events.size ?? 0) > 0 ? [producer] : [])),
    ]);
    const addressed = services.map((consumer) => [
      consumer,
      grantsTo(consumer).some(([, grant]) => grant?.addressed === true),
    ]);
    return {
      pulls: Object.fromEntries(pulls),
      hears: Object.fromEntries(hears),
      addressed: Object.fromEntries(addressed),
      grants: Object.fromEntries(grants),
      brokered: Object.fromEntries(services.map((producer) => [producer, this.#grantsOf(producer, byLane)])),
    };
  }

  #grant(producer: string, consumer: string) {
    const consumers = this.#grants.get(producer) ?? new Map();
    const grant = consumers.get(consumer) ?? { events: new Set<string>(), addressed: false };
    this.#grants.set(producer, consumers.set(consumer, grant));
    return grant;
  }

  #grantsOf(producer: string, among?: ReadonlySet<string>): Readonly<Record<string, FeedGrant>> {
    const consumers = [...(this.#grants.get(producer) ?? [])]
      .filter(([name]) => among?.has(name) ?? true)
      .sort(([a], [b]) => a.localeCompare(b));
    return Object.fromEntries(
      consumers.map(([name, { events, addressed }]) => [name, { events: [...events].sort(), addressed }]),
    );
  }
}

function replaysOf(definitions: Definitions, emitters: ReadonlyMap<string, string>): MessageFlow['replays'] {
  return Object.fromEntries(
    Object.entries(definitions).map(([consumer, { reactions }]) => [
      consumer,
      Object.fromEntries(
        reactions.flatMap(({ event, replayable }) =>
          replayable === undefined ? [] : [[event.name, emitterOf(event.name, consumer, emitters)]],
        ),
      ),
    ]),
  );
}

/** Which service emits each event. DURE_SYSTEM_INVALID when two do. */
export function emittersOf(definitions: Definitions): ReadonlyMap<string, string> {
  const emitters = new Map<string, string>();
  for (const [service, { contract }] of Object.entries(definitions)) {
    for (const { name } of contract.emits) {
      const other = emitters.get(name);
      if (other !== undefined) {
        throw dureErrors.SYSTEM_INVALID(
          `both "${other}" and "${service}" emit the event "${name}"; an event belongs to one service, so name it "${service}.…"`,
          { details: { event: name, services: [other, service] } },
        );
      }
      emitters.set(name, service);
    }
  }
  return emitters;
}

function emitterOf(event: string, consumer: string, emitters: ReadonlyMap<string, string>): string {
  const emitter = emitters.get(event);
  if (emitter !== undefined) return emitter;
  throw dureErrors.SYSTEM_INVALID(
    `"${consumer}" reacts to the event "${event}", which no service of the system emits; list it in the \`emits\` of the contract it belongs to`,
    { details: { service: consumer, event } },
  );
}

function checkCommand(
  sender: string,
  what: string,
  command: { readonly service: string; readonly name: string },
  definitions: Definitions,
): void {
  const target = definitions[command.service];
  if (target !== undefined && command.name in target.contract.commands) return;
  throw dureErrors.SYSTEM_INVALID(
    `${what} "${command.service}.${command.name}", ${
      target === undefined ? 'but the system has no such service' : `but "${command.service}" has no such command`
    }`,
    { details: { service: sender, command: `${command.service}.${command.name}` } },
  );
}

function checkDatabase(
  name: string,
  { database, reactions, sagas, jobs, flows, contract, asks }: ServiceDefinition,
): void {
  if (database !== undefined) return;
  const needs = [
    ...(reactions.length > 0 ? ['reactions'] : []),
    ...(sagas.length > 0 ? ['sagas'] : []),
    ...(jobs.length > 0 ? ['jobs'] : []),
    ...(flows.length > 0 ? ['flows'] : []),
    ...(Object.keys(asks).length > 0 ? ['commands that it asks'] : []),
    ...(Object.keys(contract.commands).length > 0 ? ['commands'] : []),
    ...(contract.emits.length > 0 ? ['events of its own'] : []),
  ];
  if (needs.length === 0) return;
  throw dureErrors.SYSTEM_INVALID(
    `the service "${name}" has ${needs.join(' and ')} but no database to keep them in; add \`database: migrations(import.meta.dirname)\``,
    { details: { service: name } },
  );
}
