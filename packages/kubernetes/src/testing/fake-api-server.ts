import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A slice as tests write it. */
export interface FakeSlice {
  readonly name: string;
  readonly service: string;
  readonly endpoints: readonly FakeEndpoint[];
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol?: string }[];
  readonly addressType?: string;
}

export interface FakeEndpoint {
  readonly address: string;
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  readonly zone?: string;
  readonly pod?: string;
}

/** One request as it arrived. */
export interface SeenRequest {
  readonly url: URL;
  readonly isWatch: boolean;
  readonly authorization: string | undefined;
}

/** How the server answers next, if not as it should. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'silent' }
  /** Every watch ends as soon as it has begun. */
  | { readonly kind: 'short' };

/** An object as the API server sends it. */
export function sliceObject({ name, endpoints, ports, addressType = 'IPv4' }: FakeSlice, version: number) {
  return {
    metadata: { name, resourceVersion: String(version) },
    addressType,
    ports,
    endpoints: endpoints.map(({ address, conditions = {}, zone, pod }) => ({
      addresses: [address],
      conditions,
      zone,
      targetRef: pod === undefined ? undefined : { kind: 'Pod', name: pod },
    })),
  };
}

/** As much of a Kubernetes API server as a watch needs: lists in pages, watches from a version, bookmarks, 410, faults. */
export class FakeApiServer {
  readonly requests: SeenRequest[] = [];
  /** How watches and lists fail until it is undefined again. */
  fault: Fault | undefined;
  /** Items in one answer at most. */
  pageSize = 1_000;
  /** Whether a version that is too old is told by the status, or by an event. */
  goneBy: 'status' | 'event' = 'event';
  version = 100;
  #oldest = 0;
  readonly #slices = new Map<string, { readonly slice: FakeSlice; readonly version: number }>();
  readonly #history: { readonly version: number; readonly service: string; readonly line: string }[] = [];
  readonly #watchers = new Map<ServerResponse, string>();
  readonly #server;
  readonly #scheme: string;

  constructor(tls?: { readonly key: string; readonly cert: string }) {
    const handle = (request: IncomingMessage, response: ServerResponse) => this.#handle(request, response);
    this.#server = tls === undefined ? createHttpServer(handle) : createHttpsServer(tls, handle);
    this.#scheme = tls === undefined ? 'http' : 'https';
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get watching(): number {
    return this.#watchers.size;
  }

  get lists(): readonly SeenRequest[] {
    return this.requests.filter(({ isWatch }) => !isWatch);
  }

  put(slice: FakeSlice): void {
    this.#publish(this.#slices.has(slice.name) ? 'MODIFIED' : 'ADDED', slice);
  }

  remove(slice: FakeSlice): void {
    this.#publish('DELETED', slice);
  }

  /** Says something on every watch: an object as a line, a text as it is. */
  say(what: unknown): void {
    for (const response of this.#watchers.keys())
      response.write(typeof what === 'string' ? what : `${JSON.stringify(what)}\n`);
  }

  /** Forgets all versions that were: whoever watches from one is told 410. */
  compact(): void {
    this.version += 1;
    this.#oldest = this.version;
  }

  endWatches(): void {
    for (const response of this.#watchers.keys()) response.end();
  }

  /** Cuts every watch in the middle of a line. */
  cutWatches(slice: FakeSlice): void {
    const line = this.#record('MODIFIED', slice);
    for (const response of this.#watchers.keys())
      response.write(line.slice(0, 40), () => void response.socket?.destroy());
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #publish(type: string, slice: FakeSlice): void {
    const line = this.#record(type, slice);
    for (const [response, service] of this.#watchers) {
      if (service !== slice.service) continue;
      response.write(line.slice(0, 10)); // lines come in pieces
      response.write(line.slice(10));
    }
  }

  #record(type: string, slice: FakeSlice): string {
    this.version += 1;
    if (type === 'DELETED') this.#slices.delete(slice.name);
    else this.#slices.set(slice.name, { slice, version: this.version });
    const line = `${JSON.stringify({ type, object: sliceObject(slice, this.version) })}\n`;
    this.#history.push({ version: this.version, service: slice.service, line });
    return line;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://api');
    const isWatch = url.searchParams.get('watch') !== null;
    this.requests.push({ url, isWatch, authorization: request.headers.authorization });
    const { fault } = this;
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'status') {
      const message = 'endpointslices is forbidden: "nobody" may not';
      response.writeHead(fault.status, fault.headers).end(JSON.stringify({ kind: 'Status', message }));
      return;
    }
    const service = /=(.*)$/.exec(url.searchParams.get('labelSelector') ?? '')?.[1] ?? '';
    if (isWatch) this.#watch(service, Number(url.searchParams.get('resourceVersion')), response);
    else this.#list(service, url.searchParams, response);
  }

  #list(service: string, query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('continue') ?? 0);
    const all = [...this.#slices.values()].filter(({ slice }) => slice.service === service);
    const items = all.slice(from, from + this.pageSize).map(({ slice, version }) => sliceObject(slice, version));
    const next = from + this.pageSize < all.length ? { continue: String(from + this.pageSize) } : {};
    const metadata = { resourceVersion: String(this.version), ...next };
    response.end(JSON.stringify({ kind: 'EndpointSliceList', metadata, items }));
  }

  #watch(service: string, from: number, response: ServerResponse): void {
    const isGone = from < this.#oldest;
    if (isGone && this.goneBy === 'status') {
      response.writeHead(410).end('{"kind":"Status","message":"too old resource version"}');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (isGone) {
      const object = { kind: 'Status', code: 410, message: 'too old resource version' };
      response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
      return;
    }
    if (this.fault?.kind === 'short') {
      response.end();
      return;
    }
    this.#watchers.set(response, service);
    response.on('close', () => this.#watchers.delete(response));
    for (const event of this.#history)
      if (event.version > from && event.service === service) response.write(event.line);
  }
}
