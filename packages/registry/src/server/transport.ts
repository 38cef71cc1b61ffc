/** How a registry reaches a peer; a test may put its own in place. */
export interface PeerTransport {
  /** Rejects when no answer came within `timeoutMs`. */
  send(request: PeerRequest): Promise<{ readonly status: number; readonly text: string }>;
}

export interface PeerRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path and query below the peer's URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
  readonly timeoutMs: number;
}

/** Reaches a peer over HTTP. */
export function peerTransport(url: string): PeerTransport {
  return {
    async send({ method, path, headers, body, timeoutMs }) {
      const response = await fetch(url + path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, text: await response.text() };
    },
  };
}
