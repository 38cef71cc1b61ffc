/** One service that a host runs, and where. */
export interface HostedService {
  readonly name: string;
  readonly instanceId: string;
  readonly port: number;
  readonly managementPort: number;
}

/** What a host tells the supervisor. */
export type HostMessage =
  | { readonly type: 'ready'; readonly services: readonly HostedService[] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** What the supervisor asks of a host whose place another has taken: leave, and take the time that it needs. */
export interface LeaveRequest {
  readonly type: 'leave';
  /** For callers to say that they route here no more, in milliseconds. */
  readonly drainMs: number;
  /** For requests in flight to end, in milliseconds. */
  readonly graceMs: number;
}
