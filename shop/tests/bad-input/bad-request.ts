/** Where a request is sent: the port of a component, or its management port. */
export type Place = Component | `${Component} management`;
type Component = 'gateway' | 'registry' | 'config' | 'console' | 'user' | 'product' | 'inventory' | 'order';

/** Whose credentials a request carries. Those of services are for the component that is asked, unless it says otherwise. */
export type Sender =
  | 'nobody'
  | 'customer'
  | 'admin'
  | 'order'
  | 'inventory'
  | 'order, for somebody else'
  | 'order, a minute ago'
  | 'a customer of yesterday'
  | 'a service that nobody knows'
  | 'order, by the key of product'
  | 'order, unsigned'
  | 'the console session';

/** What the bytes of a request depend on. */
export interface Sending {
  /** Name and port of the component, as they stand in `Host`. */
  readonly host: string;
  /** The credentials as a field line; empty for nobody. */
  readonly credentials: string;
}

/** A request, byte by byte. */
export interface RawRequest {
  readonly from: Sender;
  readonly bytes: (sending: Sending) => Buffer;
}

/** A bad request and the answer it must get. */
export interface BadRequest {
  readonly at: Place;
  readonly what: string;
  readonly request: RawRequest;
  readonly status: number;
  /** The problem's code, or the refusal's; null where the protocol is somebody else's and has none. */
  readonly code: string | null;
  /** What the problem's detail says; the whole body where there is no code. */
  readonly says: RegExp;
  /** Header fields that belong to the answer. */
  readonly fields: Readonly<Record<string, RegExp>>;
}

/** What is wrong, what is sent, then status, code, text and fields of the answer. */
export type Row = readonly [
  what: string,
  request: RawRequest,
  status: number,
  code: string | null,
  says: RegExp,
  fields?: Readonly<Record<string, RegExp>>,
];

/** The rows of one place. */
export function at(place: Place, rows: readonly Row[]): readonly BadRequest[] {
  return rows.map(([what, request, status, code, says, fields = {}]) => ({
    at: place,
    what,
    request,
    status,
    code,
    says,
    fields,
  }));
}

/** How a request is out of the ordinary. */
export interface RequestOptions {
  /** Default `nobody`. */
  readonly from?: Sender;
  readonly fields?: Readonly<Record<string, string>>;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  /** The body's media type; default JSON. */
  readonly type?: string;
}

/** A request that is well-formed HTTP. */
export function send(method: string, target: string, options: RequestOptions = {}): RawRequest {
  const { from = 'nobody', fields = {}, body, type = 'application/json' } = options;
  const content = bytesOf(body);
  const own = content === undefined ? {} : { 'content-type': type, 'content-length': String(content.length) };
  const all = Object.entries({ connection: 'close', ...own, ...fields }).map(([name, value]) => `${name}: ${value}`);
  return {
    from,
    bytes: ({ host, credentials }) => {
      const named = 'host' in fields ? [] : [`host: ${host}`];
      const lines = [`${method} ${target} HTTP/1.1`, ...named, credentials, ...all].filter((line) => line !== '');
      return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content ?? Buffer.alloc(0)]);
    },
  };
}

export const get = (target: string, options?: RequestOptions): RawRequest => send('GET', target, options);

export const post = (target: string, body: unknown, options: RequestOptions = {}): RawRequest =>
  send('POST', target, { body, ...options });

/** The very lines of a head, whatever they are, and a body after them. `HOST` stands for the component's. */
export function lines(head: readonly string[], body = ''): RawRequest {
  return {
    from: 'nobody',
    bytes: ({ host }) => Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`.replaceAll('HOST', host), 'latin1'),
  };
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
