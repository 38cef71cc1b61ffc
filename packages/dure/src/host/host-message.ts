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
