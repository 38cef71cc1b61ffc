import type { Bus, BusResource, BusTransport } from '@dure/config/bus';
import { busId, openBus } from '@dure/config/bus';
import type { ConfigHints } from '@dure/config/client';
import { feedHints } from '@dure/config/client';
import type { ManagementEndpoint } from '@dure/core';
import type { RunFile, ServiceRun } from '../run-file.ts';
import { busEndpoints } from './bus-endpoints.ts';
import { configVitals } from './config-vitals.ts';
import type { RuntimeValues } from './runtime-values.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';
import type { ServiceWatch } from './service-sections.ts';
import { isHealthy } from './transport.ts';

/** How a service hears of changes, and takes part in the bus. */
export interface ConfigLine {
  readonly hints: ConfigHints;
  /** Begins to obey the bus; its endpoints. */
  endpoints(watch: () => ServiceWatch | undefined): readonly ManagementEndpoint[];
  /** It runs: where its health can be asked for, and the port that its address on the bus names. */
  started(managementUrl: string, port: number): void;
  close(): Promise<void>;
}

/** What of its service and process a line depends on. */
export interface LineParts {
  readonly kit: Pick<ServiceKit, 'name' | 'instanceId' | 'platform' | 'telemetry'>;
  readonly service: Pick<ServiceRun, 'ports' | 'busUser'>;
  readonly profiles: readonly string[];
  readonly run: Pick<RunFile, 'configUrl'>;
  /** Where the bus sets values. */
  readonly values: RuntimeValues;
  readonly machine: ProcessKit['machine'];
  /** What carries the bus; undefined where the change feed does. */
  readonly bus: BusResource | undefined;
}

/** Prepares a line to the config server's change feed, which also carries the bus unless a broker does. */
export async function openConfigLine({
  kit,
  service: { ports, busUser },
  profiles,
  run,
  values,
  machine,
  bus: carrier,
}: LineParts): Promise<ConfigLine> {
  const { clock, random, ids } = machine;
  const { name, instanceId, platform, telemetry } = kit;
  const { log } = telemetry;
  let watch: () => ServiceWatch | undefined = () => undefined;
  let management: string | undefined;
  let index = ports.api;
  const hints = feedHints({
    url: run.configUrl,
    signer: platform.signer,
    instance: instanceId,
    clock,
    random,
    vitals: configVitals(telemetry, async () => management === undefined || isHealthy(management)),
    ...(carrier === undefined ? { onBus: (event) => bus.heard(event) } : {}),
    observe: (problem) => log.info(`changes of configuration are asked for every few seconds: ${problem}`),
  });
  const bus: Bus = openBus({
    id: () => busId({ application: name, profiles, index, unique: instanceId.replace(`${name}:`, '') }),
    send: (event) => transport?.publish(JSON.stringify(event)) ?? hints.publish(event),
    acknowledges: carrier !== undefined,
    refresh: async () => watch()?.refresh(),
    change: values.setAll,
    clock,
    newId: () => ids.uuid(),
    observe: (problem) => log.warn(`an event of the bus was not obeyed: ${problem}`),
  });
  const transport: BusTransport | undefined = await carrier?.open({
    ...machine,
    name: instanceId,
    credentials: busUser,
    heard: (event) => bus.heard(event),
    observe: (problem) => log.warn(problem),
  });
  return {
    hints,
    endpoints(running) {
      watch = running;
      return busEndpoints(bus);
    },
    started(managementUrl, port) {
      management = managementUrl;
      index = port;
    },
    close: async () => transport?.close(),
  };
}
