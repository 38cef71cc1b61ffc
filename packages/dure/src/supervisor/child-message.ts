/** One service of a process, as the process announces it. */
export interface StartedService {
  readonly name: string;
  readonly port: number;
  readonly managementPort: number;
  readonly instanceId: string;
  /** What its instance says in the registry. */
  readonly version: string;
}

/** What a host process tells the supervisor over IPC. */
export type ChildMessage =
  | { readonly type: 'ready'; readonly services: readonly StartedService[] }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly fix?: string };

/** Reads a message; undefined when it is none of ours. */
export function readChildMessage(value: unknown): ChildMessage | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  const message = value as ChildMessage;
  if (message.type === 'ready') return Array.isArray(message.services) ? message : undefined;
  if (message.type === 'failed') return typeof message.message === 'string' ? message : undefined;
  return undefined;
}
