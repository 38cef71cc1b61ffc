import type { InstanceStatus } from '../wire/push-stream.ts';
import { instanceStatuses } from '../wire/push-stream.ts';

/** A port as Eureka writes it. */
export interface PortInfo {
  readonly number: number;
  readonly enabled: boolean;
}

/** Where an instance runs: `MyOwn` is everything but Amazon's cloud. */
export interface DataCenterInfo {
  readonly name: 'MyOwn' | 'Netflix' | 'Amazon';
  /** Only Amazon's has any. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The texts that an instance may carry and that the registry only passes on. */
export const textFields = [
  'appGroupName',
  'homePageUrl',
  'statusPageUrl',
  'healthCheckUrl',
  'secureHealthCheckUrl',
  'vipAddress',
  'secureVipAddress',
  'asgName',
] as const;
export type TextField = (typeof textFields)[number];

export type ActionType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** A registered instance, after Eureka's `InstanceInfo`. Times are epoch milliseconds. */
export interface InstanceInfo {
  readonly instanceId: string;
  /** Whether the id was sent as `instanceId` or derived from the host name. */
  readonly hasInstanceId: boolean;
  readonly hostName: string;
  /** Upper case. */
  readonly app: string;
  readonly ipAddr: string;
  readonly sid: string;
  readonly status: InstanceStatus;
  readonly overriddenStatus: InstanceStatus;
  readonly port: PortInfo;
  readonly securePort: PortInfo;
  readonly countryId: number;
  readonly dataCenter: DataCenterInfo;
  readonly renewalIntervalInSecs: number;
  readonly durationInSecs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly texts: Readonly<Partial<Record<TextField, string>>>;
  readonly isCoordinatingDiscoveryServer: boolean;
  readonly lastUpdatedTimestamp: number;
  readonly lastDirtyTimestamp: number;
  readonly actionType: ActionType;
}

/** When an instance was last heard of. Wall time is only told; what is decided goes by monotonic time. */
export interface Lease {
  registeredAt: number;
  renewedAt: number;
  /** When it was last heard of, in monotonic milliseconds: the lease counts from here. */
  heardMs: number;
  /** Whether it was renewed since it was registered. */
  isRenewed: boolean;
  /** Whether the instance itself was heard last, not a peer on its behalf. */
  isDirect: boolean;
  serviceUpAt: number;
  evictedAt: number;
  readonly durationMs: number;
}

/** An instance and its lease. */
export interface Entry {
  readonly info: InstanceInfo;
  readonly lease: Lease;
}

/** The port that is called: the secure one wherever it is enabled, as Spring's clients choose. */
export function portOf({ port, securePort }: Pick<InstanceInfo, 'port' | 'securePort'>): number {
  return securePort.enabled ? securePort.number : port.number;
}

/** Reads a status; what is unknown is `UNKNOWN`, as Eureka has it. */
export function statusOf(value: unknown): InstanceStatus {
  const text = String(value).toUpperCase();
  return instanceStatuses.find((status) => status === text) ?? 'UNKNOWN';
}
