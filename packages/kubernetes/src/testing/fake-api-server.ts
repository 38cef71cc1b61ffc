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
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Single objects are answered all the same. */
      readonly only?: 'collections';
    }
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

/** An object of a collection, and by which selector it is found there. */
interface Stored {
  readonly id: string;
  readonly selected: string;
  readonly object: (version: number) => object;
}

function storedSlice(slice: FakeSlice): Stored {
  return {
    id: `endpointslices/${slice.name}`,
    selected: `endpointslices?kubernetes.io/service-name=${slice.service}`,
    object: (version) => sliceObject(slice, version),
  };
}

function storedConfig(collection: string, name: string, data: Readonly<Record<string, string>>): Stored {
  return {
    id: `${collection}/${name}`,
    selected: `${collection}?metadata.name=${name}`,
    object: (version) => ({ metadata: { name, resourceVersion: String(version) }, data }),
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
  /** By collection and name. */
  readonly #objects = new Map<string, { readonly stored: Stored; readonly version: number }>();
  readonly #history: { readonly version: number; readonly selected: string; readonly line: string }[] = [];
  readonly #waiting = new Set<ServerResponse>();
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
    this.#put(storedSlice(slice));
  }

  remove(slice: FakeSlice): void {
    this.#publish('DELETED', storedSlice(slice));
  }

  /** A ConfigMap or a Secret: `configmaps` or `secrets`, its name, and what it holds. */
  putConfig(collection: string, name: string, data: Readonly<Record<string, string>>): void {
    this.#put(storedConfig(collection, name, data));
  }

  removeConfig(collection: string, name: string): void {
    this.#publish('DELETED', storedConfig(collection, name, {}));
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

  /** Cuts the connections of all who were answered by silence. */
  dropWaiting(): void {
    for (const response of this.#waiting) response.socket?.destroy();
    this.#waiting.clear();
  }

  endWatches(): void {
    for (const response of this.#watchers.keys()) response.end();
  }

  /** Cuts every watch in the middle of a line. */
  cutWatches(slice: FakeSlice): void {
    const line = this.#record('MODIFIED', storedSlice(slice));
    for (const response of this.#watchers.keys())
      response.write(line.slice(0, 40), () => void response.socket?.destroy());
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #put(stored: Stored): void {
    this.#publish(this.#objects.has(stored.id) ? 'MODIFIED' : 'ADDED', stored);
  }

  #publish(type: string, stored: Stored): void {
    const line = this.#record(type, stored);
    for (const [response, selected] of this.#watchers) {
      if (selected !== stored.selected) continue;
      response.write(line.slice(0, 10)); // lines come in pieces
      response.write(line.slice(10));
    }
  }

  #record(type: string, stored: Stored): string {
    this.version += 1;
    if (type === 'DELETED') this.#objects.delete(stored.id);
    else this.#objects.set(stored.id, { stored, version: this.version });
    const line = `${JSON.stringify({ type, object: stored.object(this.version) })}\n`;
    this.#history.push({ version: this.version, selected: stored.selected, line });
    return line;
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://api');
    const isWatch = url.searchParams.get('watch') !== null;
    this.requests.push({ url, isWatch, authorization: request.headers.authorization });
    const { fault } = this;
    const [, collection = '', name] = /\/namespaces\/[^/]+\/([^/]+)(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    if (fault?.kind === 'silent') {
      this.#waiting.add(response);
      return;
    }
    if (fault?.kind === 'status' && (fault.only === undefined || name === undefined)) {
      const message = 'endpointslices is forbidden: "nobody" may not';
      response.writeHead(fault.status, fault.headers).end(JSON.stringify({ kind: 'Status', message }));
      return;
    }
    if (name !== undefined) {
      this.#get(`${collection}/${name}`, response);
      return;
    }
    const selector = url.searchParams.get('labelSelector') ?? url.searchParams.get('fieldSelector') ?? '';
    const selected = `${collection}?${selector}`;
    if (isWatch) this.#watch(selected, Number(url.searchParams.get('resourceVersion')), response);
    else this.#list(selected, url.searchParams, response);
  }

  #get(id: string, response: ServerResponse): void {
    const found = this.#objects.get(id);
    if (found === undefined) response.writeHead(404).end('{"kind":"Status","message":"it is not found","code":404}');
    else response.end(JSON.stringify(found.stored.object(found.version)));
  }

  #list(selected: string, query: URLSearchParams, response: ServerResponse): void {
    const from = Number(query.get('continue') ?? 0);
    const all = [...this.#objects.values()].filter(({ stored }) => stored.selected === selected);
    const items = all.slice(from, from + this.pageSize).map(({ stored, version }) => stored.object(version));
    const next = from + this.pageSize < all.length ? { continue: String(from + this.pageSize) } : {};
    const metadata = { resourceVersion: String(this.version), ...next };
    response.end(JSON.stringify({ kind: 'List', metadata, items }));
  }

  #watch(selected: string, from: number, response: ServerResponse): void {
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
    this.#watchers.set(response, selected);
    response.on('close', () => this.#watchers.delete(response));
    for (const event of this.#history)
      if (event.version > from && event.selected === selected) response.write(event.line);
  }
}
