import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileKeyring } from '@dure/config/cipher';
import type { ConfigHints, ConfigSource, WatchConfigOptions } from '@dure/config/client';
import {
  decryptedSource,
  environmentSource,
  fileSource,
  joinedHints,
  serverSource,
  watchConfig,
} from '@dure/config/client';
import type { HealthCheck, Live, ManagementEndpoint, Settings } from '@dure/core';
import type { ResilienceLimits } from '@dure/resilience';
import type { ServiceDefinition } from '@dure/service/server';
import type { RunFile } from '../run-file.ts';
import { configEndpoint, configHealth, refreshEndpoint } from './config-endpoints.ts';
import { openConfigLine } from './config-line.ts';
import { envEndpoint } from './env-endpoint.ts';
import type { LateWatch } from './late-watch.ts';
import { lateWatch } from './late-watch.ts';
import { liveSections } from './live-sections.ts';
import { runtimeValues } from './runtime-values.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';
import type { ServiceSections, ServiceWatch } from './service-sections.ts';
import { configSections, isDemanding } from './service-sections.ts';
import { tellChanges, tellEvents } from './tell-changes.ts';

/** A service's configuration, read again every few seconds; closed with the service. */
export interface ServiceConfig {
  /** What the service's own schema made of it, as it was at the start. */
  readonly value: unknown;
  /** What it makes of it now. Who asks for it is taken to follow it. */
  readonly live: Live<unknown>;
  /** The sections beside it: log levels, admission, flags, and what the definition lists. */
  readonly settings: Settings;
  /** Whether the latest reading was refused, and why. */
  readonly health: readonly HealthCheck[];
  /** `config`: where each value comes from. `refresh`: reads now. */
  readonly endpoints: readonly ManagementEndpoint[];
  /** Hands over the limits of its calls, now and whenever they change. */
  follow(apply: (limits: ResilienceLimits) => void): void;
  /** It runs: where its health can be asked for while it tries out a change, and the port that its address on the bus names. */
  started(managementUrl: string, port: number): void;
  close(): Promise<void>;
}

/** What of its process a configuration depends on. */
interface ConfigProcess extends Pick<ProcessKit, 'machine' | 'environment' | 'bus' | 'configSources'> {
  readonly run: Pick<RunFile, 'folder' | 'stateFolder' | 'configUrl' | 'mode' | 'keyringFile'>;
}

/** The configuration profile of each mode. */
const profiles: Readonly<Record<RunFile['mode'], readonly string[]>> = {
  development: ['dev'],
  test: ['test'],
  production: ['prod'],
};

/** The configuration profiles of a mode. */
export function profilesOf(mode: RunFile['mode']): readonly string[] {
  return profiles[mode];
}

/**
 * Reads a service's configuration and keeps reading it: defaults < the service's own folder < the config server <
 * what the system has beside it < the environment < what is set while it runs. What has a schema, calls others or asks for flags waits until it is read; all others begin with defaults, as
 * the platform's own servers must, and heed it as soon as they know it.
 */
export async function openServiceConfig(
  definition: ServiceDefinition,
  kit: Pick<ServiceKit, 'name' | 'instanceId' | 'platform' | 'telemetry' | 'service'>,
  process: ConfigProcess,
): Promise<ServiceConfig> {
  const { log } = kit.telemetry;
  const { clock } = process.machine;
  const sections = liveSections(definition);
  const profiles = profilesOf(process.run.mode);
  const values = runtimeValues();
  const line = await openConfigLine({ ...process, kit, profiles, values, service: kit.service });
  const { sources, hints } = await sourcesFor(kit, process, values.source);
  const from = { sources, hints: joinedHints([line.hints, ...hints]) };
  const open = async () => openWatch(definition, kit, process, from);
  const take = (watch: ServiceWatch) => {
    for (const warning of watch.current.warnings) log.warn(warning);
    sections.take(watch);
    tellChanges(watch, log, () => sections.isFollowed);
  };
  const opening = isDemanding(definition) ? openNow(open, take) : lateWatch(open, take, { clock, log });
  const watched = await Promise.resolve(opening).catch(async (error: unknown) => {
    await line.close();
    throw error;
  });
  const watch = () => watched.current;
  const isFollowed = () => sections.isFollowed;
  values.begin(watch, isFollowed);
  return {
    value: watched.current?.current.values.own ?? {},
    get live() {
      return sections.own;
    },
    settings: sections.settings,
    health: [configHealth(watch)],
    endpoints: [
      configEndpoint(watch, isFollowed),
      refreshEndpoint(watch),
      envEndpoint(watch, profiles, values),
      ...line.endpoints(watch),
    ],
    follow(apply) {
      const { limits } = sections as { readonly limits: Live<ResilienceLimits | undefined> };
      const changed = (now: ResilienceLimits | undefined) => now !== undefined && apply(now);
      changed(limits.current);
      limits.onChange(changed);
    },
    started: line.started,
    async close() {
      await line.close();
      await watched.close();
    },
  };
}

async function openNow(open: () => Promise<ServiceWatch>, take: (watch: ServiceWatch) => void): Promise<LateWatch> {
  const current = await open();
  take(current);
  return { current, close: () => current.close() };
}

async function openWatch(
  definition: ServiceDefinition,
  kit: Pick<ServiceKit, 'name' | 'instanceId' | 'platform' | 'telemetry'>,
  process: ConfigProcess,
  from: Pick<WatchConfigOptions<ServiceSections>, 'sources' | 'hints'>,
): Promise<ServiceWatch> {
  return watchConfig({
    sections: configSections(definition),
    service: kit.name,
    profiles: profilesOf(process.run.mode),
    ...from,
    clock: process.machine.clock,
    random: process.machine.random,
    observe: tellEvents(kit.telemetry.log),
  });
}

async function sourcesFor(
  { name, instanceId, platform }: Pick<ServiceKit, 'name' | 'instanceId' | 'platform'>,
  { run, machine, environment, configSources }: ConfigProcess,
  set: ConfigSource,
): Promise<{ readonly sources: readonly ConfigSource[]; readonly hints: readonly ConfigHints[] }> {
  const server = serverSource({
    url: run.configUrl,
    signer: platform.signer,
    clock: machine.clock,
    random: machine.random,
    keepIn: join(run.stateFolder, 'config'),
    instance: instanceId,
  });
  const keyring = fileKeyring(run.keyringFile);
  const beside = await Promise.all(configSources.map((resource) => resource.open({ ...machine, service: name })));
  const besides = beside.map(({ source }) => source);
  const sources = [...(await ownFiles(run, name)), server, ...besides, environmentSource(environment), set];
  return {
    sources: sources.map((source) => decryptedSource(source, keyring)),
    hints: beside.flatMap(({ hints }) => hints ?? []),
  };
}

/** `<system>/<service>/application.yml` and its like, when the service brings any. */
async function ownFiles({ folder }: ConfigProcess['run'], service: string): Promise<readonly ConfigSource[]> {
  const own = join(folder, service);
  const info = await stat(own).catch(() => undefined);
  return info?.isDirectory() === true ? [fileSource(own)] : [];
}
