import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// A program that has never heard of Dure: an HTTP server, and the requests that every Eureka client sends. Spring's or
// Netflix's client in its place sends the same.

/** What a Eureka client does, by the status of the answer. */
export interface EurekaClient {
  register(port: number): Promise<number>;
  heartbeat(): Promise<number>;
  /** Everybody who is registered: `SHELF 127.0.0.1:8080 UP`. */
  fetchAll(): Promise<readonly string[]>;
  cancel(): Promise<number>;
}

/** Serves prices on any free port. */
export async function openPrices(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer(({ url = '' }, response) => {
    const sku = url.replace('/prices/', '');
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ sku, won: 12_000 }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** The Eureka client of the application `price`. The URL ends in `/eureka/` and may hold user and password. */
export function eurekaClient(serviceUrl: string): EurekaClient {
  const { origin, pathname, username, password } = new URL(serviceUrl);
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    authorization: `Basic ${btoa(`${username}:${password}`)}`,
  };
  const send = (method: string, path: string, body?: string) =>
    fetch(`${origin}${pathname}${path}`, { method, headers, ...(body !== undefined && { body }) });
  const status = async (answer: Promise<Response>) => (await answer).status;
  const ownPath = 'apps/PRICE/127.0.0.1:price';
  return {
    register: (port) => status(send('POST', 'apps/PRICE', JSON.stringify({ instance: instanceAt(port) }))),
    heartbeat: () => status(send('PUT', `${ownPath}?status=UP`)),
    cancel: () => status(send('DELETE', ownPath)),
    async fetchAll() {
      const { applications } = (await (await send('GET', 'apps/')).json()) as Fetched;
      return applications.application
        .flatMap(({ name, instance }) => instance.map((one) => `${name} ${one.hostName}:${one.port.$} ${one.status}`))
        .sort();
    },
  };
}

interface Fetched {
  readonly applications: { readonly application: readonly Application[] };
}

interface Application {
  readonly name: string;
  readonly instance: readonly {
    readonly hostName: string;
    readonly port: { readonly $: number };
    readonly status: string;
  }[];
}

// region registration
function instanceAt(port: number) {
  return {
    instanceId: '127.0.0.1:price',
    app: 'PRICE',
    vipAddress: 'price',
    hostName: '127.0.0.1',
    ipAddr: '127.0.0.1',
    status: 'UP',
    port: { $: port, '@enabled': 'true' },
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90 },
  };
}
// endregion
