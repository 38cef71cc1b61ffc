/** The `operation` of a destination that does not tell operations apart. */
export const anyOperation = '*';

/** Where requests of one kind go, as far as forwarding must know it. There are few, and each is kept: metrics hang on them. */
export interface Destination {
  readonly service: string;
  /** What outsiders hear it is called: the service, or the route when the service is an address, which is nobody's business. */
  readonly called: string;
  /** In metrics and logs: the operation's name, or `anyOperation`. Bounded in number. */
  readonly operation: string;
  /** How long the answer may take to begin, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a connection may take to come about, in milliseconds; else as the proxy's limits say. */
  readonly connectTimeoutMs?: number;
  /** Whether it answers with a stream, which may be silent for any time; `by-type` if the answer's media type says so. */
  readonly stream: boolean | 'by-type';
  /** What stood before the path that the service is given: `/order`, or nothing. */
  readonly prefix: string;
  /** To what a client may turn its connection; by default an upgrade that is asked for is passed over. */
  readonly upgrade?: 'websocket';
  /** What its instances speak. Default: HTTP/1.1. */
  readonly protocol?: 'grpc';
}
