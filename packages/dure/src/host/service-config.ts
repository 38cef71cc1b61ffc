import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigEvent, ConfigSource } from '@dure/config/client';
import { environmentSource, fileSource, serverSource, watchConfig } from '@dure/config/client';
import type { ManagementEndpoint } from '@dure/core';
import { messageOf } from '@dure/core';
import type { ResilienceLimits } from '@dure/resilience';
import type { ServiceDefinition } from '@dure/service/server';
import type { Telemetry } from '@dure/telemetry';
import type { RunFile } from '../run-file.ts';
import { configEndpoint, refreshEndpoint } from './config-endpoints.ts';
import { openConfigLine } from './config-line.ts';
import { followLimits } from './follow-limits.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';
import { sectionsOf } from './service-sections.ts';

/** A service's configuration, read again every few seconds; closed with the service. */
export interface ServiceConfig {
  /** What the service's own schema made of it, as it was at the start. */
  readonly value: unknown;
  /** `config`: where each value comes from. `refresh`: reads now. */
  readonly endpoints: readonly ManagementEndpoint[];
  /** Hands over the limits of its calls, now and whenever they change. */
  follow(apply: (limits: ResilienceLimits) => void): void;
  /** Where its health can be asked for from now on, while it tries out a change. */
  started(managementUrl: string): void;
  close(): Promise<void>;
}

/** What of its process a configuration depends on. */
interface ConfigProcess extends Pick<ProcessKit, 'machine' | 'environment' | 'bus'> {
  readonly run: Pick<RunFile, 'folder' | 'stateFolder' | 'configUrl' | 'mode'>;
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
 * Reads what a service's schema asks for, and the limits of its calls if it calls anybody: defaults < the service's own
 * folder < the config server < the environment. A service that needs neither asks nobody.
 */
export async function openServiceConfig(
  definition: ServiceDefinition,
  kit: Pick<ServiceKit, 'name' | 'instanceId' | 'platform' | 'telemetry' | 'service'>,
  process: ConfigProcess,
): Promise<ServiceConfig> {
  const sections = sectionsOf(definition);
  const profiles = profilesOf(process.run.mode);
  const line = await openConfigLine({ ...process, kit, profiles, port: kit.service.ports.api });
  const { started } = line;
  if (Object.keys(sections).length === 0) {
    const endpoints = [refreshEndpoint(), ...line.endpoints(undefined)];
    return { value: {}, endpoints, follow: () => {}, started, close: () => line.close() };
  }
  const { log } = kit.telemetry;
  const watch = await watchConfig({
    sections,
    service: kit.name,
    profiles,
    sources: [...(await sourcesFor(kit, process)), line.source],
    hints: line.hints,
    clock: process.machine.clock,
    random: process.machine.random,
    observe: teller(log),
  }).catch(async (error: unknown) => {
    await line.close();
    throw error;
  });
  for (const warning of watch.current.warnings) log.warn(warning);
  return {
    value: watch.current.values.own ?? {},
    endpoints: [configEndpoint(watch), refreshEndpoint(watch), ...line.endpoints(watch)],
    follow: (apply) => followLimits(watch, apply, log),
    started,
    async close() {
      await line.close();
      await watch.close();
    },
  };
}

async function sourcesFor(
  { name, instanceId, platform }: Pick<ServiceKit, 'name' | 'instanceId' | 'platform'>,
  { run, machine, environment }: ConfigProcess,
): Promise<readonly ConfigSource[]> {
  const server = serverSource({
    url: run.configUrl,
    signer: platform.signer,
    clock: machine.clock,
    random: machine.random,
    keepIn: join(run.stateFolder, 'config'),
    instance: instanceId,
  });
  return [...(await ownFiles(run, name)), server, environmentSource(environment)];
}

/** `<system>/<service>/application.yml` and its like, when the service brings any. */
async function ownFiles({ folder }: ConfigProcess['run'], service: string): Promise<readonly ConfigSource[]> {
  const own = join(folder, service);
  const info = await stat(own).catch(() => undefined);
  return info?.isDirectory() === true ? [fileSource(own)] : [];
}

function teller(log: Telemetry['log']): (event: ConfigEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'refused':
        return log.warn(`a change of configuration was refused, what held before holds on: ${messageOf(event.error)}`);
      case 'unread':
        return log.warn(`the configuration could not be read again, nothing changes: ${messageOf(event.error)}`);
      case 'warned':
        return log.warn(event.warning);
      case 'failed':
        return log.error(`a change of configuration was not taken up: ${messageOf(event.error)}`);
      default:
        return event satisfies never;
    }
  };
}
