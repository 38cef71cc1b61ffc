import type { Clock, Identity, Ids, Random } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { HttpRequest } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import type { Liveness, PushedInstance } from '../wire/push-stream.ts';
import { processKey } from '../wire/push-stream.ts';
import { epochHeader, replicationHeader } from '../wire/replication.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { ChangeStream } from './change-stream.ts';
import type { DnsSettings } from './dns/dns-settings.ts';
import type { DrainParts } from './drains.ts';
import type { Entry } from './instance-info.ts';
import { portOf } from './instance-info.ts';
import { InstanceRegistry } from './instance-registry.ts';
import type { ReplicatedOperation } from './peer-queue.ts';
import { Peers } from './peers.ts';
import { PushFeed } from './push-feed.ts';
import type { PushParts } from './push-routes.ts';
import type { ReplicationParts } from './replication-api.ts';
import { StreamAdmission } from './stream-admission.ts';
import type { PeerTransport } from './transport.ts';
import { watchProcesses } from './watch-processes.ts';

/** The options of a registry, complete and checked. */
export interface RegistrySettings {
  readonly reconnectGraceMs: number;
  readonly evictionIntervalMs: number;
  readonly lease: 'exact' | 'eureka';
  readonly selfPreservation: boolean;
  readonly expectedRenewalMs: number;
  readonly writers: ReadonlySet<string>;
  readonly maxInstances: number;
  readonly maxStreams: number;
  readonly streamsAtOnce: number;
  readonly streamsPerSecond: number;
  readonly heartbeatMs: number;
  readonly answerMs: number;
  readonly massLossShare: number;
  readonly page: 'open' | 'credentials';
  readonly peers: readonly string[];
  readonly dns?: DnsSettings;
  readonly peerTransport: (url: string) => PeerTransport;
}

/** What a registry is made of. */
export interface RegistryParts extends PushParts, DrainParts, ReplicationParts {
  readonly otherRegistries: Peers;
  /** Ends streams and timers; nobody is taken for dead by it. */
  close(): void;
}

/** Machine things that the parts run on. */
export interface RegistryContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly telemetry: Telemetry;
  readonly platform: { readonly signer: TokenSigner };
}

/** Puts a registry together. */
export function openParts(
  { clock, random, ids, telemetry, platform }: RegistryContext,
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
  const feed = openFeed(registry, streams, (process) => watch.liveness(process), { clock, ids }, settings);
  const askAll = () => {
    for (const stream of streams.keys()) stream.ask();
  };
  const otherRegistries = new Peers({
    urls: settings.peers,
    transport: settings.peerTransport,
    signer: platform.signer,
    registry,
    epoch: feed.position.epoch,
    clock,
    random,
    log: telemetry.log,
  });
  const tellPeers = (operation: ReplicatedOperation) => otherRegistries.tell(operation);
  const known = { registry, feed, streams, acknowledgements };
  const watch = watchProcesses({ ...known, telemetry, clock, settings, askAll, tellPeers });
  return {
    ...settings,
    ...known,
    watch,
    admission: new StreamAdmission({
      clock,
      perSecond: settings.streamsPerSecond,
      atOnce: settings.streamsAtOnce,
      maxTurns: settings.maxStreams,
    }),
    clock,
    ids,
    askAll,
    mayWrite: (identity, app) => mayWrite(identity, app, settings.writers),
    isPeer: (request, identity) => isPeer(request, identity, settings.writers),
    atPeers: (app, id, withinMs) => otherRegistries.drain(app, id, withinMs),
    otherRegistries,
    tellPeers,
    epoch: feed.position.epoch,
    holds: (process) => watch.isOpen(process),
    close() {
      otherRegistries.close();
      watch.close();
      feed.close();
      acknowledgements.close();
      for (const stream of streams.keys()) stream.close();
    },
  };
}

function openFeed(
  registry: InstanceRegistry,
  streams: ReadonlyMap<ChangeStream, string>,
  liveness: (process: string) => Liveness | undefined,
  { clock, ids }: Pick<RegistryContext, 'clock' | 'ids'>,
  { maxInstances }: RegistrySettings,
): PushFeed {
  const pushed = (entry: Entry) => pushedInstance(entry, liveness(entry.info.metadata[processKey] ?? ''));
  return new PushFeed({
    epoch: ids.uuid(),
    clock,
    remembered: maxInstances,
    all: () => registry.all().map(pushed),
    find(app, id) {
      const entry = registry.get(app.toUpperCase(), id);
      return entry && pushed(entry);
    },
    notify() {
      for (const stream of streams.keys()) stream.wake();
    },
  });
}

/** Spring's clients look services up by VIP, which keeps the name's case; the application name is upper case. */
function pushedInstance({ info }: Entry, liveness: Liveness | undefined): PushedInstance {
  const vip = info.texts.vipAddress;
  const managementPort = Number(info.metadata['management.port']);
  return {
    id: info.instanceId,
    service: vip?.toUpperCase() === info.app ? vip : info.app.toLowerCase(),
    host: info.hostName,
    port: portOf(info),
    ...(info.securePort.enabled ? { secure: true } : {}),
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

/** A registry that tells what it was told: by Eureka's header or by saying which registry it is. */
function isPeer({ headers }: HttpRequest, identity: Identity, writers: ReadonlySet<string>): boolean {
  const says = headers[replicationHeader] === 'true' || headers[epochHeader] !== undefined;
  return says && mayReplicate(identity, writers);
}

/** Registries trust each other, and those callers that may change everything. */
export function mayReplicate({ kind, subject }: Identity, writers: ReadonlySet<string>): boolean {
  return kind === 'service' && (subject === 'registry' || writers.has(subject));
}
