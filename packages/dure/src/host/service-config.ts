import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigSource, LoadedConfig } from '@dure/config/client';
import { environmentSource, fileSource, loadConfig, serverSource } from '@dure/config/client';
import type { ManagementEndpoint } from '@dure/core';
import type { ServiceDefinition } from '@dure/service/server';
import type { RunFile } from '../run-file.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';

/** A service's configuration, and the actuator endpoint that tells where each value came from. */
export interface ServiceConfig {
  readonly value: unknown;
  readonly endpoints: readonly ManagementEndpoint[];
}

/** The configuration profile of each mode. */
const profiles: Readonly<Record<RunFile['mode'], readonly string[]>> = {
  development: ['dev'],
  test: ['test'],
  production: ['prod'],
};

/**
 * Reads what a service's schema asks for: defaults < the service's own folder < the config server < the environment.
 * A service without a schema asks nobody.
 */
export async function serviceConfig(
  { config: schema }: ServiceDefinition,
  { name, platform, telemetry }: ServiceKit,
  { run, machine, environment }: ProcessKit,
): Promise<ServiceConfig> {
  if (schema === undefined) return { value: {}, endpoints: [] };
  const keepIn = join(run.stateFolder, 'config');
  const server = serverSource({
    url: run.configUrl,
    signer: platform.signer,
    clock: machine.clock,
    random: machine.random,
    keepIn,
  });
  const sources = [...(await ownFiles(run, name)), server, environmentSource(environment)];
  const loaded = await loadConfig({ schema, service: name, profiles: profiles[run.mode], sources });
  for (const warning of loaded.warnings) telemetry.log.warn(warning);
  return { value: loaded.value, endpoints: [configEndpoint(loaded)] };
}

/** `<system>/<service>/application.yml` and its like, when the service brings any. */
async function ownFiles({ folder }: RunFile, service: string): Promise<readonly ConfigSource[]> {
  const own = join(folder, service);
  const info = await stat(own).catch(() => undefined);
  return info?.isDirectory() === true ? [fileSource(own)] : [];
}

/** `/actuator/config`: the layers in the order in which they were applied, and each key with its origin; secrets masked. */
function configEndpoint(loaded: LoadedConfig<unknown>): ManagementEndpoint {
  return { id: 'config', handle: () => ({ status: 200, body: { layers: loaded.layers, keys: loaded.explain() } }) };
}
