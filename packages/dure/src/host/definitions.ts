import { join } from 'node:path';
import type { BusResource } from '@dure/config/bus';
import type { ConfigSourceResource } from '@dure/config/client';
import type { BrokerResource } from '@dure/messaging';
import type { ServiceDefinition } from '@dure/service/server';
import { edgeOptions } from '../edge-options.ts';
import type { LoadedSystem } from '../load-system.ts';
import { loadDefinition, loadSystem } from '../load-system.ts';
import type { RunFile } from '../run-file.ts';
import { infrastructure } from '../system.ts';
import { canaryDefinition } from './canary.ts';
import { configServer } from './config-server.ts';
import { storefrontPages } from './web.ts';

/**
 * The platform's own servers. Each is imported when a process runs it, so that none carries the code of another; only
 * the gateway needs the system itself.
 */
const servers: Readonly<Record<string, (run: RunFile) => Promise<ServiceDefinition>>> = {
  registry: async ({ dns }) => {
    const { registryService } = await import('@dure/registry/server');
    return registryService(dns === undefined ? {} : { dns });
  },
  console: async ({ stateFolder, consoleToken, peers }) => {
    const { consoleService } = await import('@dure/console');
    const services = Object.keys(peers).filter((name) => name !== 'supervisor');
    return consoleService({ stateFolder: join(stateFolder, 'console'), token: consoleToken, services });
  },
  router: async ({ peers }) => {
    const { routerService } = await import('@dure/proxy/router');
    const platform: ReadonlySet<string> = new Set([...infrastructure, 'supervisor']);
    return routerService({ services: Object.keys(peers).filter((name) => !platform.has(name)) });
  },
  config: configServer,
};

/** What carries messages between the services of a process that has any. */
export async function brokerOf(run: RunFile): Promise<BrokerResource | undefined> {
  const connected = Object.values(run.services).some(({ broker }) => broker !== undefined);
  return connected ? (await loadSystem(run.module)).system.broker : undefined;
}

/** What carries the bus of the configuration, in a system that has it carried by a broker. */
export async function busOf({ hasBus, module }: RunFile): Promise<BusResource | undefined> {
  return hasBus === true ? (await loadSystem(module)).system.bus : undefined;
}

/** What services read beside the config server, in a system that has such. */
export async function configSourcesOf({ hasConfigSources, module }: RunFile): Promise<readonly ConfigSourceResource[]> {
  return hasConfigSources === true ? (await loadSystem(module)).system.configSources : [];
}

/** The definitions of everything that a process runs, by name. */
export async function definitionsOf(run: RunFile): Promise<ReadonlyMap<string, ServiceDefinition>> {
  const names = Object.keys(run.services);
  const isServer = (name: string) => name in servers;
  const loaded = names.every(isServer) ? undefined : await loadSystem(run.module);
  const found = new Map<string, ServiceDefinition>();
  await Promise.all(
    names.filter(isServer).map(async (name) => {
      const definition = await servers[name]?.(run);
      if (definition !== undefined) found.set(name, definition);
    }),
  );
  const own = names.filter((name) => !isServer(name) && name !== 'gateway');
  if (loaded !== undefined) {
    const definitionOf = async (name: string): Promise<void> => {
      const canary = run.services[name]?.canary;
      const { system } = loaded;
      const loading = canary === undefined ? loadDefinition(system, name) : canaryDefinition(name, canary, system);
      found.set(name, await loading);
    };
    await Promise.all(own.map(definitionOf));
    if (names.includes('gateway')) found.set('gateway', await gateway(loaded));
  }
  return found;
}

async function gateway({ system, folder }: LoadedSystem): Promise<ServiceDefinition> {
  const { storefront } = system.edge;
  const [{ gatewayService }, options, pages] = await Promise.all([
    import('@dure/proxy/gateway'),
    edgeOptions(system),
    storefront === undefined ? undefined : storefrontPages(folder, storefront),
  ]);
  return gatewayService({ ...options, ...(pages === undefined ? {} : { storefront: pages }) });
}
