/** What a proxy takes and how long it waits; every figure has a default that is safe on the open internet. */
export interface ProxyLimits {
  /** Largest request body. Default 1 MiB; more is 413. */
  readonly maxBodyBytes: number;
  /** Longest request target. Default 8 KiB; more is 414. */
  readonly maxTargetBytes: number;
  /** Largest header block. Default 16 KiB; more is 431. */
  readonly maxHeaderBytes: number;
  /** Most header fields. Default 100; more is 431. */
  readonly maxHeaderFields: number;
  /** Time to receive the header block. Default 10 000; more is 408. */
  readonly headersTimeoutMs: number;
  /** Time to receive the whole request. Default 30 000; more is 408. */
  readonly requestTimeoutMs: number;
  /** How long a client's connection may be idle between requests. Default 15 000. */
  readonly keepAliveMs: number;
  /** Connections of all clients. Default 10 000. */
  readonly maxConnections: number;
  /** Connections of one client: an IPv4 address, or a /64 of IPv6. Trusted proxies have no limit of their own. Default 256. */
  readonly maxConnectionsPerClient: number;
  /**
   * Requests of one client under way, streams of events and WebSockets included. Default 256, half of what one instance is
   * asked at once, so that nobody shuts all others out; more is 429.
   */
  readonly maxRequestsPerClient: number;
  /** Connections to one instance, streams of events included. Default 512; more is 503. */
  readonly maxUpstreamConnections: number;
  /** Time to connect to an instance. Default 1 000; then the next one is tried. */
  readonly connectTimeoutMs: number;
  /** How long a transfer may stand still, whoever is slow. Default 30 000; streams of events wait without a limit. */
  readonly stallTimeoutMs: number;
  /** Requests of one connection at once. Default 100; more are no longer taken by HTTP/2, and are not read by HTTP/1.1. */
  readonly maxStreamsPerConnection: number;
  /** How often a request may come by again, as its `Via` tells. Default 3; more is 508. */
  readonly maxLoops: number;
  /** How long a WebSocket may be silent in both directions. Default 300 000; then it is closed with 1001. */
  readonly tunnelIdleMs: number;
}

export const defaultLimits: ProxyLimits = {
  maxBodyBytes: 2 ** 20,
  maxTargetBytes: 8_192,
  maxHeaderBytes: 16_384,
  maxHeaderFields: 100,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 15_000,
  maxConnections: 10_000,
  maxConnectionsPerClient: 256,
  maxRequestsPerClient: 256,
  maxUpstreamConnections: 512,
  connectTimeoutMs: 1_000,
  stallTimeoutMs: 30_000,
  maxStreamsPerConnection: 100,
  maxLoops: 3,
  tunnelIdleMs: 300_000,
};
