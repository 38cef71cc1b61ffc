import type { DataCenterInfo, Entry, PortInfo } from './instance-info.ts';
import { textFields } from './instance-info.ts';

/** How much of an instance is written: Eureka's `X-Eureka-Accept`. */
export type Variant = 'full' | 'compact';

/** Instances under the name of their application. */
export interface Application {
  readonly name: string;
  readonly entries: readonly Entry[];
}

/** Several applications, with the two figures that a client checks them by. */
export interface Applications {
  readonly version: number;
  readonly hash: string;
  readonly applications: readonly Application[];
}

/** `{"applications": …}` byte-compatible with Eureka's default codec: always arrays, texts and numbers where it has them. */
export function applicationsJson(from: Applications, variant: Variant): string {
  return JSON.stringify({
    applications: {
      versions__delta: String(from.version),
      apps__hashcode: from.hash,
      application: from.applications.map((application) => applicationObject(application, variant)),
    },
  });
}

/** `{"application": …}` */
export function applicationJson(application: Application, variant: Variant): string {
  return JSON.stringify({ application: applicationObject(application, variant) });
}

/** `{"instance": …}` */
export function instanceJson(entry: Entry): string {
  return JSON.stringify({ instance: fullInstance(entry) });
}

function applicationObject({ name, entries }: Application, variant: Variant) {
  return { name, instance: entries.map(variant === 'full' ? fullInstance : compactInstance) };
}

/** An instance without its envelope, as peers exchange it. */
export function bareInstance(entry: Entry): Readonly<Record<string, unknown>> {
  return fullInstance(entry);
}

/** The order of the fields is Eureka's; no field may be added, for its stricter clients refuse unknown ones. */
function fullInstance({ info, lease }: Entry): Record<string, unknown> {
  return {
    ...(info.hasInstanceId ? { instanceId: info.instanceId } : {}),
    hostName: info.hostName,
    app: info.app,
    ipAddr: info.ipAddr,
    ...(info.sid === 'na' ? {} : { sid: info.sid }),
    status: info.status,
    overriddenStatus: info.overriddenStatus,
    port: portObject(info.port),
    securePort: portObject(info.securePort),
    countryId: info.countryId,
    dataCenterInfo: dataCenterObject(info.dataCenter, () => true),
    leaseInfo: {
      renewalIntervalInSecs: info.renewalIntervalInSecs,
      durationInSecs: info.durationInSecs,
      registrationTimestamp: lease.registeredAt,
      lastRenewalTimestamp: lease.renewedAt,
      evictionTimestamp: lease.evictedAt,
      serviceUpTimestamp: lease.serviceUpAt,
    },
    metadata: Object.keys(info.metadata).length === 0 ? emptyMap : info.metadata,
    ...Object.fromEntries(textFields.filter((field) => field !== 'asgName').map((field) => [field, info.texts[field]])),
    isCoordinatingDiscoveryServer: String(info.isCoordinatingDiscoveryServer),
    lastUpdatedTimestamp: String(info.lastUpdatedTimestamp),
    lastDirtyTimestamp: String(info.lastDirtyTimestamp),
    actionType: info.actionType,
    asgName: info.texts.asgName,
  };
}

const emptyMap = { '@class': 'java.util.Collections$EmptyMap' };

/** What Amazon's metadata keep in the compact form. */
export const compactAmazonKeys: ReadonlySet<string> = new Set([
  'instance-id',
  'public-ipv4',
  'public-hostname',
  'local-ipv4',
  'availability-zone',
]);

function compactInstance({ info }: Entry): Record<string, unknown> {
  return {
    ...(info.hasInstanceId ? { instanceId: info.instanceId } : {}),
    hostName: info.hostName,
    app: info.app,
    ipAddr: info.ipAddr,
    status: info.status,
    port: portObject(info.port),
    securePort: portObject(info.securePort),
    dataCenterInfo: dataCenterObject(info.dataCenter, (key) => compactAmazonKeys.has(key)),
    vipAddress: info.texts.vipAddress,
    secureVipAddress: info.texts.secureVipAddress,
    lastUpdatedTimestamp: info.lastUpdatedTimestamp,
    actionType: info.actionType,
    asgName: info.texts.asgName,
  };
}

function portObject({ number, enabled }: PortInfo) {
  return { $: number, '@enabled': String(enabled) };
}

function dataCenterObject({ name, metadata }: DataCenterInfo, keeps: (key: string) => boolean) {
  if (name !== 'Amazon') {
    return { '@class': dataCenterClass(name), name };
  }
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => keeps(key)));
  return { '@class': dataCenterClass(name), name, metadata: kept };
}

/** The Java class that Eureka's clients select by. */
export function dataCenterClass(name: DataCenterInfo['name']): string {
  return name === 'Amazon'
    ? 'com.netflix.appinfo.AmazonInfo'
    : 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo';
}
