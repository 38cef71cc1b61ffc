import type { Rule } from '@dure/balancer';
import { balancer } from '@dure/balancer';
import type { BusResource } from '@dure/config/bus';
import type { ConfigSourceResource } from '@dure/config/client';
import type { Call, HealthCheck } from '@dure/core';
import type { BrokerResource } from '@dure/messaging';
import type { Database } from '@dure/postgres';
import type { PolicyRegistry, ResilienceLimits } from '@dure/resilience';
import { policyRegistry } from '@dure/resilience';
import type { LocalTarget, OutboundLayers } from '@dure/service/client';
import { httpClient, httpTransport, localClient, outboundLayers, withBaseUrls } from '@dure/service/client';
import type { AnyContract } from '@dure/service/contract';
import type { Platform } from '@dure/service/server';
import type { LineSink, Telemetry } from '@dure/telemetry';
import { openTelemetry } from '@dure/telemetry';
import type { RunFile, ServiceRun } from '../run-file.ts';
import { credentials } from './credentials.ts';
import type { Discovery } from './discovery.ts';
import type { Faults } from './faults.ts';
import type { Handed } from './host-message.ts';
import type { Machine } from './machine.ts';

/** What all services of a process share. */
export interface ProcessKit {
  readonly run: RunFile;
  readonly machine: Machine;
  readonly stdout: LineSink;
  /** The environment's variables, for the configuration layer that reads them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly discovery: Discovery;
  readonly handed: Handed;
  /** What can be broken in it on purpose; undefined in production. */
  readonly faults: Faults | undefined;
  /** What carries messages between services; undefined where the feeds do. */
  readonly broker: BrokerResource | undefined;
  /** What carries the bus of the configuration; undefined where the config server's change feed does. */
  readonly bus: BusResource | undefined;
  /** What services read beside the config server. */
  readonly configSources: readonly ConfigSourceResource[];
  /** The databases of this process's services, by service. */
  readonly logs: Map<string, Database>;
  /** Where a service of this very process takes its calls. */
  readonly local: (service: string) => LocalTarget;
}

/** The clients of a service, and what its health page shows of them. */
export interface ServiceClients {
  readonly clients: Readonly<Record<string, unknown>>;
  readonly health: readonly HealthCheck[];
  /** Changes the limits of all calls. */
  update(limits: ResilienceLimits): void;
}

/** What one service has of its own, whatever it does. */
export interface ServiceKit {
  readonly name: string;
  readonly service: ServiceRun;
  readonly instanceId: string;
  readonly telemetry: Telemetry;
  readonly platform: Platform;
  /** Knows the policies of its calls, and of its own door. */
  readonly policies: PolicyRegistry;
  /** Makes the clients of the services that it uses: functions within the process, HTTP beyond. */
  clients(uses: Readonly<Record<string, AnyContract>>): ServiceClients;
  /** Closes connections, then sends what telemetry is left. */
  close(): Promise<void>;
}

/** The rules by which this service wants the instances of some of those it uses to be chosen. */
function rulesOf(uses: Readonly<Record<string, AnyContract>>): Readonly<Record<string, Rule>> {
  return Object.fromEntries(
    Object.values(uses).flatMap(({ name, policies }) => {
      const rule = policies?.every.rule;
      return rule === undefined ? [] : [[name, rule]];
    }),
  );
}

/** The kit of one service of a process. */
export function serviceKit(name: string, service: ServiceRun, kit: ProcessKit): ServiceKit {
  const { run, machine, discovery } = kit;
  const { clock, random, ids } = machine;
  const instanceId = `${name}:${ids.uuid()}`;
  const { signer, verifier, userTokens } = credentials(name, service, run, machine, discovery);
  const telemetry = openTelemetry({
    service: name,
    instance: instanceId,
    clock,
    random,
    ids,
    endpoint: run.telemetryUrl,
    authorize: () => signer.authorize('console', undefined),
    stdout: kit.stdout,
    level: 'info',
    sampleRatio: 1,
  });
  const transport = httpTransport({ clock, signer });
  const policies = policyRegistry({ clock });
  const platform: Platform = {
    instances: discovery,
    signer,
    verifier,
    ...(userTokens === undefined ? {} : { userTokens }),
    ...(service.ports.handed === true ? { workers: kit.handed.workers } : {}),
  };
  const inUnit = (call: Call) => kit.logs.get(name)?.inUnit(call) ?? false;
  const clientOf = (contract: AnyContract, layers: OutboundLayers): unknown => {
    if (contract.baseUrl !== undefined || !(contract.name in run.services))
      return httpClient(contract, layers, transport);
    const caller = { service: name, scopes: (audience: string) => service.scopes[audience] ?? [] };
    return localClient(contract, layers, caller, () => kit.local(contract.name));
  };
  return {
    name,
    service,
    instanceId,
    telemetry,
    platform,
    policies,
    clients(uses) {
      const used = Object.entries(uses);
      if (used.length === 0) return { clients: {}, health: [], update: () => {} };
      const instances = withBaseUrls(discovery, Object.values(uses));
      const balance = balancer({ instances, clock, random, rules: rulesOf(uses) });
      const layers = outboundLayers({ clock, random, telemetry, balancer: balance, registry: policies, inUnit });
      const clients = Object.fromEntries(used.map(([key, contract]) => [key, clientOf(contract, layers)]));
      return { clients, health: [layers.health], update: layers.update };
    },
    async close() {
      await transport.close();
      await telemetry.close();
    },
  };
}
