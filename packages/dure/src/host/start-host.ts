import { join } from 'node:path';
import { systemClock, wait } from '@dure/core';
import { registryClient } from '@dure/registry/client';
import type { RunningService, ServiceDefinition, StopPatience } from '@dure/service/server';
import { startService } from '@dure/service/server';
import { stdoutSink } from '@dure/telemetry';
import { dureErrors } from '../errors.ts';
import type { RunFile } from '../run-file.ts';
import { infrastructure } from '../system.ts';
import { asyncApiEndpoint } from './async-api-endpoint.ts';
import { withOwnScopes } from './canary.ts';
import { brokerOf, busOf, configSourcesOf, definitionsOf } from './definitions.ts';
import { discovery } from './discovery.ts';
import { faults } from './faults.ts';
import type { Handed, HostMessage } from './host-message.ts';
import { machine } from './machine.ts';
import type { ServiceConfig } from './service-config.ts';
import { openServiceConfig } from './service-config.ts';
import type { ServiceData } from './service-data.ts';
import type { ProcessKit, ServiceKit } from './service-kit.ts';
import { serviceKit } from './service-kit.ts';

/** What a process runs. */
export interface Host {
  /** Stops everything, the reverse of its start; idempotent. In haste, unless `patience` says otherwise. */
  close(patience?: StopPatience): Promise<void>;
}

/** How long requests in flight may take to end when a service stops, in milliseconds. */
const graceMs = 1_000;
/** How long a gateway waits for the registry's list before it takes connections all the same, in milliseconds. */
const listTimeoutMs = 2_000;

interface Hosted {
  readonly kit: ServiceKit;
  readonly running: RunningService;
  readonly data: ServiceData | undefined;
  readonly config: ServiceConfig;
}

/**
 * Starts everything that a run file names, in this process: the platform's servers first, since the others are found
 * and configured by them. Tells when all of it is registered.
 */
export async function startHost(
  run: RunFile,
  environment: Readonly<Record<string, string | undefined>>,
  tell: (message: HostMessage) => void,
  handed: Handed,
): Promise<Host> {
  const hosted = new Map<string, Hosted>();
  const broken = run.mode === 'production' ? undefined : faults(systemClock);
  const kit: ProcessKit = {
    run,
    environment,
    machine: machine(broken?.clock),
    faults: broken,
    stdout: stdoutSink(),
    discovery: discovery(),
    handed,
    broker: await brokerOf(run),
    bus: await busOf(run),
    configSources: await configSourcesOf(run),
    logs: new Map(),
    local: (service) => operationsOf(hosted, service),
  };
  let closing: Promise<void> | undefined;
  const close = (patience?: StopPatience) => {
    closing ??= stop(hosted, kit, patience);
    return closing;
  };
  try {
    const definitions = await definitionsOf(run);
    const kits = new Map(
      Object.entries(run.services).map(([name, service]) => {
        const definition = definitions.get(name);
        const held = definition === undefined ? service : withOwnScopes(service, definition, run);
        return [name, serviceKit(name, held, kit)];
      }),
    );
    const begin = (names: readonly string[]) =>
      Promise.all(names.map((name) => start(name, definitions, kits, hosted, kit)));
    const [platform, others] = stages(Object.keys(run.services));
    await begin(platform);
    connect(kits, kit);
    await begin(others);
    await Promise.all([...hosted.values()].map(({ running }) => running.register()));
    for (const { data, running } of hosted.values()) data?.run(running);
    tell({
      type: 'ready',
      services: [...hosted.values()].map(({ running }) => {
        const { service: name, instanceId, port, managementPort } = running;
        return { name, instanceId, port, managementPort, version: definitions.get(name)?.metadata.version ?? '' };
      }),
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

/** What others need before they can start; gateway and router need the others. */
const platformNames: ReadonlySet<string> = new Set(
  infrastructure.filter((name) => name !== 'gateway' && name !== 'router'),
);

function stages(names: readonly string[]): readonly [string[], string[]] {
  return [names.filter((name) => platformNames.has(name)), names.filter((name) => !platformNames.has(name))];
}

async function start(
  name: string,
  definitions: ReadonlyMap<string, ServiceDefinition>,
  kits: ReadonlyMap<string, ServiceKit>,
  hosted: Map<string, Hosted>,
  process: ProcessKit,
): Promise<void> {
  const { run, machine: own } = process;
  const definition = definitions.get(name);
  const kit = kits.get(name);
  if (definition === undefined || kit === undefined)
    throw dureErrors.SERVICE_UNKNOWN(`the run file names the service "${name}", which the system does not have`);
  demandKeyStore(definition);
  const data = definition.database === undefined ? undefined : await openData(definition, kit, process);
  let config: ServiceConfig | undefined;
  try {
    await data?.ready();
    const following = await openServiceConfig(definition, kit, process);
    config = following;
    data?.follow?.(following.settings);
    const outbound = kit.clients(definition.uses);
    config.follow(outbound.update);
    const running = await startService(data?.served ?? definition, {
      instanceId: kit.instanceId,
      host: run.host,
      ports: kit.service.ports,
      ...(kit.service.ports.handed === true ? { socket: socketFor(process) } : {}),
      mode: run.mode,
      ...own,
      telemetry: kit.telemetry,
      platform: kit.platform,
      registrar: process.discovery,
      config: config.value,
      get live() {
        return following.live;
      },
      settings: config.settings,
      uses: { ...outbound.clients, ...data?.asked },
      db: data?.db,
      idempotency: data?.idempotency,
      routes: data?.routes ?? [],
      health: [...outbound.health, ...config.health, ...(data?.health ?? [])],
      endpoints: [
        asyncApiEndpoint(definition, process),
        ...config.endpoints,
        ...(data?.endpoints ?? []),
        ...(process.faults === undefined ? [] : [process.faults.endpoint]),
      ],
      policies: kit.policies,
      graceMs,
    });
    config.started(`http://${run.host}:${running.managementPort}`, running.port);
    hosted.set(name, { kit, running, data, config });
  } catch (error) {
    await config?.close();
    await data?.close();
    throw error;
  }
}

/** Connections are taken when it is known where they lead: a process that joins others must not refuse what they would not. */
async function socketFor({ handed, discovery: found, machine: { clock } }: ProcessKit): Promise<object> {
  await Promise.race([found.listed, wait(clock, listTimeoutMs)]);
  return handed.socket;
}

/** An operation that is repeated with its key, while nobody keeps the key, would take effect twice. */
function demandKeyStore({ contract, database }: ServiceDefinition): void {
  if (database !== undefined) return;
  const keyed = Object.values(contract.operations).find((operation) => operation.idempotent === 'key');
  if (keyed === undefined) return;
  throw dureErrors.HOST_FAILED(
    `${contract.name}.${keyed.name} is \`idempotent: 'key'\`, but the service has no \`database\` that keeps the keys; give it one, or say \`idempotent: false\``,
  );
}

/** The code of a database adapter is loaded only where it is used. DURE_SYSTEM_INVALID when there is none of that kind. */
async function openData(definition: ServiceDefinition, kit: ServiceKit, process: ProcessKit): Promise<ServiceData> {
  const kind = definition.database?.kind ?? '';
  switch (kind) {
    case 'postgres':
      return (await import('./service-data.ts')).openServiceData(definition, kit, process);
    case 'sqlite':
      return (await import('./read-model-data.ts')).openReadModelData(definition, kit, process);
    default:
      throw dureErrors.SYSTEM_INVALID(
        `the service "${kit.name}" wants a database of kind "${kind}"; this host opens "postgres" and "sqlite"`,
      );
  }
}

/** Follows the registry; each service registers by its own credentials. */
function connect(kits: ReadonlyMap<string, ServiceKit>, { run, machine: own, discovery: found }: ProcessKit): void {
  const first = kits.get(run.process) ?? [...kits.values()][0];
  if (first === undefined) return;
  const signerOf = (service: string) => (kits.get(service) ?? first).platform.signer;
  found.connect(
    registryClient({
      url: run.registryUrl,
      signer: first.platform.signer,
      signerOf,
      clock: own.clock,
      random: own.random,
      telemetry: first.telemetry,
      keepIn: join(run.stateFolder, 'registry'),
    }),
  );
}

function operationsOf(hosted: ReadonlyMap<string, Hosted>, service: string) {
  const found = hosted.get(service);
  if (found === undefined)
    throw dureErrors.SERVICE_UNKNOWN(`${service} runs in this process, but has not started yet`, { retryable: true });
  return found.running.operations;
}

/** Consumers first, so that nothing new begins; then the services; the platform's servers last. */
async function stop(
  hosted: ReadonlyMap<string, Hosted>,
  { discovery: found }: ProcessKit,
  patience: StopPatience | undefined,
): Promise<void> {
  const all = [...hosted.values()];
  const isPlatform = ({ kit }: Hosted) => platformNames.has(kit.name);
  await Promise.all(all.flatMap(({ data, config }) => [config.close(), data?.stopRunning()]));
  await Promise.all(all.filter((one) => !isPlatform(one)).map(({ running }) => running.close(patience)));
  await Promise.all(all.map(({ data }) => data?.close()));
  await found.close();
  await Promise.all(all.filter((one) => !isPlatform(one)).map(({ kit }) => kit.close()));
  await Promise.all(
    all.filter(isPlatform).map(async ({ kit, running }) => {
      await running.close();
      await kit.close();
    }),
  );
}
