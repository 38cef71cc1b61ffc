/** Where the push stream is, below the registry's URL. */
export const pushPath = '/dure/instances';
/** Where a subscriber says what it has applied; the answer to a ping. */
export const acknowledgePath = '/dure/acknowledgements';
/** Below it, an instance that stops asks to be told when nobody routes to it any more. */
export const drainPath = '/dure/drains';
/** Query parameter: the process whose instances live as long as this connection. */
export const processParameter = 'process';
/** Query parameter of an acknowledgement: the `id` of the last event that was applied. */
export const positionParameter = 'at';
/** In place of a position: this process calls nobody any more and need not be waited for. */
export const leaving = 'leaving';
/** Header of an answer that tells when to come, because too many came at once: milliseconds. */
export const retryAfterHeader = 'dure-retry-after-ms';
/** Metadata key that ties an instance to its process. */
export const processKey = 'dure.process';

/** An instance as the push stream shows it. */
export interface PushedInstance {
  readonly id: string;
  readonly service: string;
  readonly host: string;
  readonly port: number;
  /** The port speaks TLS. */
  readonly secure?: boolean;
  readonly managementPort?: number;
  readonly zone?: string;
  readonly status: InstanceStatus;
  readonly liveness?: Liveness;
  readonly metadata: Readonly<Record<string, string>>;
}

export const instanceStatuses = ['UP', 'DOWN', 'STARTING', 'OUT_OF_SERVICE', 'UNKNOWN'] as const;
/** Eureka's instance states; only `UP` takes traffic. */
export type InstanceStatus = (typeof instanceStatuses)[number];

/**
 * What the registry doubts: a `busy` process holds its connection open and does not answer; the connection of a
 * `suspect` one broke together with many others, so that it may well be alive.
 */
export type Liveness = 'busy' | 'suspect';

/** `event: snapshot`: everything. A new epoch means a registry that started afresh. */
export interface Snapshot {
  readonly epoch: string;
  readonly instances: readonly PushedInstance[];
}

/** `event: change`: what is new since the event before. The first event of a resumed stream is one, maybe empty. */
export interface Change {
  readonly put: readonly PushedInstance[];
  readonly gone: readonly { readonly service: string; readonly id: string }[];
}

/**
 * How far a stream has come: the registry's epoch and the number of its changes. Every event carries it as its `id`;
 * sent back as `Last-Event-ID` it resumes the stream, and acknowledged it says what a subscriber routes by.
 */
export interface Position {
  readonly epoch: string;
  readonly version: number;
}

/** `0193….42` */
export function positionText({ epoch, version }: Position): string {
  return `${epoch}.${version}`;
}

/** Undefined when it is no position. */
export function parsePosition(text: string): Position | undefined {
  const [, epoch, version] = /^([\w-]{1,64})\.(\d{1,15})$/.exec(text) ?? [];
  return epoch === undefined ? undefined : { epoch, version: Number(version) };
}

/** What a drain comes to. */
export interface DrainAnswer {
  /** `drained`: every subscriber has said that it routes there no more. */
  readonly outcome: 'drained' | 'timed-out';
  /** Subscribers that have not. */
  readonly waitingFor: number;
}
