import type { InstanceStatus } from './push-stream.ts';

/** Header of a single operation that comes from a peer. */
export const replicationHeader = 'x-netflix-discovery-replication';
/** Header by which a registry knows its own requests: it was told of itself as a peer. */
export const epochHeader = 'dure-registry-epoch';
/** Where peers send what they were told, below Eureka's base. */
export const batchPath = '/peerreplication/batch/';

export const replicatedActions = ['Register', 'Heartbeat', 'Cancel', 'StatusUpdate', 'DeleteStatusOverride'] as const;
export type ReplicatedAction = (typeof replicatedActions)[number];

/** One operation in a batch, as Eureka writes it. */
export interface ReplicationItem {
  readonly appName: string;
  readonly id: string;
  readonly action: ReplicatedAction;
  readonly lastDirtyTimestamp?: number;
  readonly overriddenStatus?: InstanceStatus;
  readonly status?: InstanceStatus;
  readonly instanceInfo?: Readonly<Record<string, unknown>>;
}

/** The answer to one item. */
export interface ReplicationResult {
  readonly statusCode: number;
  readonly responseEntity?: Readonly<Record<string, unknown>>;
}
