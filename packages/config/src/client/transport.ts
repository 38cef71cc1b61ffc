/** How the client reaches the config server; a test may put its own in place. */
export type ConfigTransport = (request: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}) => Promise<ConfigAnswer>;

export interface ConfigAnswer {
  readonly status: number;
  readonly text: string;
  /** The places of broken files, as the server's header names them. */
  readonly stale: string | undefined;
}

/** Reaches the config server over HTTP. */
export const fetchTransport: ConfigTransport = async ({ url, headers, timeoutMs, signal }) => {
  const timeout = AbortSignal.timeout(timeoutMs);
  const response = await fetch(url, {
    headers,
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  });
  const stale = response.headers.get('dure-config-stale') ?? undefined;
  return { status: response.status, text: await response.text(), stale };
};
