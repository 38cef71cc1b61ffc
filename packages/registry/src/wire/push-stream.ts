/** Where the push stream is, below the registry's URL. */
export const pushPath = '/dure/instances';
/** Query parameter: the process whose instances live as long as this connection. */
export const processParameter = 'process';
/** Metadata key that ties an instance to its process. */
export const processKey = 'dure.process';

/** An instance as the push stream shows it. */
export interface PushedInstance {
  readonly id: string;
  readonly service: string;
  readonly host: string;
  readonly port: number;
  readonly managementPort?: number;
  readonly zone?: string;
  readonly status: InstanceStatus;
  readonly metadata: Readonly<Record<string, string>>;
}

export const instanceStatuses = ['UP', 'DOWN', 'STARTING', 'OUT_OF_SERVICE', 'UNKNOWN'] as const;
/** Eureka's instance states; only `UP` takes traffic. */
export type InstanceStatus = (typeof instanceStatuses)[number];

/** The first event of a stream, `event: snapshot`: everything. A new epoch means a registry that started afresh. */
export interface Snapshot {
  readonly epoch: string;
  readonly instances: readonly PushedInstance[];
}

/** Every later event, `event: change`. */
export interface Change {
  readonly put: readonly PushedInstance[];
  readonly gone: readonly { readonly service: string; readonly id: string }[];
}
