/** Why a request was forwarded (RFC 9211 §2.2). */
export type ForwardReason = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'request' | 'stale';

/** What a `Cache-Status` field says of a forwarded request. */
export interface Forwarded {
  readonly reason: ForwardReason;
  /** What the service answered, when the client gets another status. */
  readonly status?: number;
  readonly isStored?: boolean;
  readonly isCollapsed?: boolean;
  /** Why it was not stored. */
  readonly detail?: string;
}

/** The value for an answer out of the store; `ttlMs` is how long it stays fresh, less than 0 when it is stale. */
export function hitStatus(name: string, ttlMs: number): string {
  return `${name}; hit; ttl=${Math.floor(ttlMs / 1_000)}`;
}

/** The value for an answer that was fetched or confirmed for this request (RFC 9211). */
export function forwardedStatus(name: string, forwarded: Forwarded): string {
  const { reason, status, isStored = false, isCollapsed = false, detail } = forwarded;
  let text = `${name}; fwd=${reason}`;
  if (status !== undefined) text += `; fwd-status=${status}`;
  if (isStored) text += '; stored';
  if (isCollapsed) text += '; collapsed';
  return detail === undefined ? text : `${text}; detail=${detail}`;
}
