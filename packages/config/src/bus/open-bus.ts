import type { Clock } from '@dure/core';
import { messageOf } from '@dure/core';
import { busDestination, isMeant, matchesPath } from './bus-destination.ts';
import type { BusEvent, EnvironmentChangeEvent, RefreshEvent } from './bus-event.ts';
import { busEventJson, javaClassOf, readBusEvent } from './bus-event.ts';

/** Options of `openBus`. */
export interface BusOptions {
  /** This instance's own address, as it is when it is asked for: an instance learns its port when it listens. */
  readonly id: () => string;
  /** Other names of its application, in destinations. */
  readonly aliases?: readonly string[];
  /** Sends an event, Spring's JSON as an object, to all other instances. */
  readonly send: (event: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Reads the configuration again. */
  readonly refresh: () => Promise<unknown>;
  /** Sets values above all others. */
  readonly change: (values: Readonly<Record<string, string>>) => Promise<unknown>;
  /** Whether what is heard is acknowledged, as Spring does. Default false: the table of versions says more. */
  readonly acknowledges?: boolean;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Is told of what could not be done. */
  readonly observe?: (problem: string) => void;
}

/** An instance on the bus. */
export interface Bus {
  /** Has those who are meant read their configuration again. */
  refresh(destination?: string): Promise<void>;
  /** Has those who are meant set a value above all others. */
  setEnvironment(name: string, value: string, destination?: string): Promise<void>;
  /** Takes what the transport has brought. What is not understood is ignored. */
  heard(sent: unknown): void;
}

/**
 * Takes part in Spring Cloud Bus over any transport: our events are understood by Spring's services, and theirs by us. The
 * sender obeys its own event at once if it is meant, and ignores the echo.
 */
export function openBus(options: BusOptions): Bus {
  const { id, clock, newId, observe } = options;
  const failed = (error: unknown) => observe?.(messageOf(error));
  const obey = (event: RefreshEvent | EnvironmentChangeEvent) =>
    void (event.kind === 'refresh' ? options.refresh() : options.change(event.values)).catch(failed);
  const isOurs = (event: BusEvent) => event.origin !== '' && matchesPath(event.origin, id());
  const isForUs = (event: BusEvent) => isMeant(event.destination, id(), options.aliases);
  const envelope = (destination: string | undefined) => {
    return { id: newId(), timestamp: clock.now(), origin: id(), destination: busDestination(destination) };
  };
  const publish = async (event: RefreshEvent | EnvironmentChangeEvent) => {
    await options.send(busEventJson(event));
    if (isForUs(event)) obey(event);
  };
  return {
    refresh: (destination) => publish({ kind: 'refresh', ...envelope(destination) }),
    setEnvironment: (name, value, destination) =>
      publish({ kind: 'environment', ...envelope(destination), values: { [name]: value } }),
    heard(sent) {
      const event = readBusEvent(sent, newId);
      if (event === undefined || event.kind === 'unknown' || event.kind === 'ack') return;
      if (!isForUs(event)) return;
      if (!isOurs(event)) obey(event);
      if (options.acknowledges === true) {
        const ack = { ackId: event.id, ackDestination: event.destination ?? '**', event: javaClassOf(event.kind) };
        options.send(busEventJson({ kind: 'ack', ...envelope(undefined), ...ack })).catch(failed);
      }
    },
  };
}
