/** One service that a host runs, and where. */
export interface HostedService {
  readonly name: string;
  readonly instanceId: string;
  readonly port: number;
  readonly managementPort: number;
  readonly version: string;
}

/** What a host tells the supervisor. */
export type HostMessage =
  | { readonly type: 'ready'; readonly services: readonly HostedService[] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** What the supervisor hands to a host while it runs. */
export interface Handed {
  /** The socket that the gateway accepts on, beside other processes; resolves when it has come. */
  readonly socket: Promise<object>;
  /** How many processes accept on it at the moment. */
  readonly workers: () => number;
}

/** What the supervisor says to a host; the socket goes with `listen`. */
export type SupervisorMessage =
  | LeaveRequest
  | { readonly type: 'listen'; readonly workers: number }
  | { readonly type: 'workers'; readonly workers: number };

/** What the supervisor asks of a host whose place another has taken: leave, and take the time that it needs. */
export interface LeaveRequest {
  readonly type: 'leave';
  /** For callers to say that they route here no more, in milliseconds. */
  readonly drainMs: number;
  /** For requests in flight to end, in milliseconds. */
  readonly graceMs: number;
}
