import type { Registration } from '@dure/service/server';
import type { InstanceStatus } from '../wire/push-stream.ts';
import { processKey } from '../wire/push-stream.ts';

/** What a registration says beyond the instance itself. */
export interface RegistrationState {
  readonly status: InstanceStatus;
  readonly process: string;
  readonly renewalIntervalMs: number;
  readonly leaseMs: number;
  readonly dirtyAt: number;
}

/** Writes an instance as Eureka's register request wants it, with the fields that Spring's tools look at. */
export function eurekaBody(instance: Registration, state: RegistrationState): string {
  const { service, instanceId, host, port, managementPort, metadata } = instance;
  const management = `http://${host}:${managementPort}/actuator`;
  return JSON.stringify({
    instance: {
      instanceId,
      hostName: host,
      app: service.toUpperCase(),
      ipAddr: host,
      status: state.status,
      overriddenStatus: 'UNKNOWN',
      port: { $: port, '@enabled': 'true' },
      securePort: { $: 443, '@enabled': 'false' },
      countryId: 1,
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      leaseInfo: {
        renewalIntervalInSecs: Math.max(1, Math.round(state.renewalIntervalMs / 1_000)),
        durationInSecs: Math.max(1, Math.round(state.leaseMs / 1_000)),
      },
      metadata: { ...metadata, 'management.port': String(managementPort), [processKey]: state.process },
      homePageUrl: `http://${host}:${port}/`,
      statusPageUrl: `${management}/info`,
      healthCheckUrl: `${management}/health`,
      vipAddress: service,
      secureVipAddress: service,
      isCoordinatingDiscoveryServer: 'false',
      lastUpdatedTimestamp: String(state.dirtyAt),
      lastDirtyTimestamp: String(state.dirtyAt),
    },
  });
}
