import type { Clock, Identity, Ids, Random } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { Liveness, PushedInstance } from '../wire/push-stream.ts';
import { processKey } from '../wire/push-stream.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { ChangeStream } from './change-stream.ts';
import type { DrainParts } from './drains.ts';
import type { Entry } from './instance-info.ts';
import { InstanceRegistry } from './instance-registry.ts';
import { PushFeed } from './push-feed.ts';
import type { PushParts } from './push-routes.ts';
import { StreamAdmission } from './stream-admission.ts';
import { watchProcesses } from './watch-processes.ts';

/** The options of a registry, complete and checked. */
export interface RegistrySettings {
  readonly reconnectGraceMs: number;
  readonly evictionIntervalMs: number;
  readonly lease: 'exact' | 'eureka';
  readonly selfPreservation: boolean;
  readonly writers: ReadonlySet<string>;
  readonly maxInstances: number;
  readonly maxStreams: number;
  readonly streamsAtOnce: number;
  readonly streamsPerSecond: number;
  readonly heartbeatMs: number;
  readonly answerMs: number;
  readonly massLossShare: number;
}

/** What a registry is made of. */
export interface RegistryParts extends PushParts, DrainParts {
  /** Ends streams and timers; nobody is taken for dead by it. */
  close(): void;
}

/** Machine things that the parts run on. */
export interface RegistryContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
}

/** Puts a registry together. */
export function openParts(
  { clock, random, ids, telemetry }: RegistryContext,
  settings: RegistrySettings,
): RegistryParts {
  const streams = new Map<ChangeStream, string>();
  const acknowledgements = new Acknowledgements(clock);
  const registry = new InstanceRegistry({
    ...settings,
    clock,
    random,
    changed: (app, id) => feed.changed(app.toLowerCase(), id),
  });
  const pushed = (entry: Entry) => pushedInstance(entry, watch.liveness(entry.info.metadata[processKey] ?? ''));
  const feed = new PushFeed({
    epoch: ids.uuid(),
    clock,
    remembered: settings.maxInstances,
    all: () => registry.all().map(pushed),
    find(app, id) {
      const entry = registry.get(app.toUpperCase(), id);
      return entry && pushed(entry);
    },
    notify() {
      for (const stream of streams.keys()) stream.wake();
    },
  });
  const askAll = () => {
    for (const stream of streams.keys()) stream.ask();
  };
  const watch = watchProcesses({ registry, feed, streams, acknowledgements, telemetry, clock, settings, askAll });
  return {
    ...settings,
    registry,
    feed,
    watch,
    acknowledgements,
    admission: new StreamAdmission(clock, settings.streamsPerSecond, settings.streamsAtOnce),
    streams,
    clock,
    ids,
    askAll,
    mayWrite: (identity, app) => mayWrite(identity, app, settings.writers),
    isPeer: () => false,
    atPeers: async () => 0,
    close() {
      watch.close();
      feed.close();
      acknowledgements.close();
      for (const stream of streams.keys()) stream.close();
    },
  };
}

/** Spring's clients look services up by VIP, which keeps the name's case; the application name is upper case. */
function pushedInstance({ info }: Entry, liveness: Liveness | undefined): PushedInstance {
  const vip = info.texts.vipAddress;
  const managementPort = Number(info.metadata['management.port']);
  return {
    id: info.instanceId,
    service: vip?.toUpperCase() === info.app ? vip : info.app.toLowerCase(),
    host: info.hostName,
    port: info.port.enabled || !info.securePort.enabled ? info.port.number : info.securePort.number,
    ...(Number.isInteger(managementPort) && managementPort > 0 ? { managementPort } : {}),
    ...(info.metadata.zone === undefined ? {} : { zone: info.metadata.zone }),
    status: info.status,
    ...(liveness === undefined ? {} : { liveness }),
    metadata: info.metadata,
  };
}

function mayWrite(identity: Identity, app: string, writers: ReadonlySet<string>): boolean {
  return identity.kind === 'service' && (identity.subject.toUpperCase() === app || writers.has(identity.subject));
}
