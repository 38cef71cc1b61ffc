import type { Clock, Identity } from '@dure/core';
import { ids, seededRandom } from '@dure/core';
import { testCall } from '@dure/core/testing';
import type { HttpRequest } from '@dure/service/server';
import { silentTelemetry } from '@dure/telemetry';
import { drainRoute } from '../server/drains.ts';
import { eurekaApi } from '../server/eureka-api.ts';
import type { RegistryParts, RegistrySettings } from '../server/registry-parts.ts';
import { openParts } from '../server/registry-parts.ts';
import { replicate } from '../server/replication-api.ts';
import type { PeerRequest } from '../server/transport.ts';

/** A registry without a network. */
export interface ClusterNode {
  readonly name: string;
  readonly parts: RegistryParts;
  /** The ids of the instances that take traffic, sorted. */
  up(): readonly string[];
  register(id: string, more?: Readonly<Record<string, unknown>>): Promise<number>;
  renew(id: string): Promise<number>;
  cancel(id: string): Promise<number>;
  send(method: HttpRequest['method'], path: string, body?: string): Promise<{ status: number; text: string }>;
}

/** Registries that replicate to each other over links which a test cuts. */
export interface Cluster {
  readonly nodes: readonly ClusterNode[];
  /** Cuts `from` → `to`: `request` loses what is asked, `answer` what is answered. */
  cut(from: string, to: string, what?: 'request' | 'answer'): void;
  heal(): void;
  close(): void;
}

const peerIdentity: Identity = { kind: 'service', subject: 'registry', roles: [], scopes: [] };

/** Opens registries of these names; every one has all the others as peers. */
export function registryCluster(
  clock: Clock,
  names: readonly string[],
  change: Partial<RegistrySettings> = {},
): Cluster {
  const cuts = new Map<string, 'request' | 'answer'>();
  const nodes = new Map<string, ClusterNode>();
  for (const [index, name] of names.entries()) {
    const transport = (url: string) => ({
      async send(request: PeerRequest) {
        const to = new URL(url).hostname;
        const cut = cuts.get(`${name} ${to}`);
        const target = nodes.get(to);
        if (cut === 'request' || target === undefined) throw new TypeError('unreachable');
        const answer = await handle(target.parts, clock, request, peerIdentity);
        if (cut === 'answer') throw new TypeError('no answer');
        return answer;
      },
    });
    const peers = names.filter((other) => other !== name).map((other) => `http://${other}`);
    nodes.set(name, openNode(name, index, clock, { ...change, peers, peerTransport: transport }));
  }
  return {
    nodes: [...nodes.values()],
    cut: (from, to, what = 'request') => void cuts.set(`${from} ${to}`, what),
    heal: () => cuts.clear(),
    close() {
      for (const { parts } of nodes.values()) parts.close();
    },
  };
}

function openNode(
  name: string,
  seed: number,
  clock: Clock,
  change: Partial<RegistrySettings> & Pick<RegistrySettings, 'peers' | 'peerTransport'>,
): ClusterNode {
  const random = seededRandom(seed + 1);
  const parts = openParts(
    {
      clock,
      random,
      ids: ids(clock, random),
      telemetry: silentTelemetry(),
      platform: { signer: { authorize: async () => 'Bearer registry' } },
    },
    {
      reconnectGraceMs: 300,
      evictionIntervalMs: 60_000,
      lease: 'exact',
      selfPreservation: true,
      expectedRenewalMs: 30_000,
      writers: new Set(),
      maxInstances: 1_000,
      maxStreams: 100,
      streamsAtOnce: 100,
      streamsPerSecond: 100,
      heartbeatMs: 5_000,
      answerMs: 2_000,
      massLossShare: 0.5,
      page: 'open',
      ...change,
    },
  );
  const stock: Identity = { kind: 'service', subject: 'stock', roles: [], scopes: [] };
  const send = (method: HttpRequest['method'], path: string, body?: string) =>
    handle(
      parts,
      clock,
      { method: method as PeerRequest['method'], path, headers: json, ...(body && { body }), timeoutMs: 0 },
      stock,
    );
  return {
    name,
    parts,
    up: () =>
      parts.registry
        .all()
        .filter(({ info }) => info.status === 'UP')
        .map(({ info }) => info.instanceId)
        .sort(),
    send,
    register: async (id, more = {}) => (await send('POST', '/eureka/apps/STOCK', registration(id, clock, more))).status,
    renew: async (id) => (await send('PUT', `/eureka/apps/STOCK/${id}?status=UP`)).status,
    cancel: async (id) => (await send('DELETE', `/eureka/apps/STOCK/${id}`)).status,
  };
}

const json = { accept: 'application/json', 'content-type': 'application/json' };

function registration(instanceId: string, clock: Clock, more: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    instance: {
      instanceId,
      hostName: '127.0.0.1',
      app: 'STOCK',
      ipAddr: '127.0.0.1',
      status: 'UP',
      port: { $: 1, '@enabled': 'true' },
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      vipAddress: 'stock',
      lastDirtyTimestamp: String(clock.now()),
      ...more,
    },
  });
}

async function handle(parts: RegistryParts, clock: Clock, request: PeerRequest, identity: Identity) {
  const url = new URL(request.path, 'http://registry');
  const [app = '', id = ''] = url.pathname.split('/').slice(3).map(decodeURIComponent);
  const asked: HttpRequest = {
    method: request.method,
    url: request.path,
    params: { app, id },
    query: url.searchParams,
    headers: request.headers,
    body: new TextEncoder().encode(request.body ?? ''),
  };
  const answer = await (url.pathname.includes('/peerreplication/')
    ? replicate(parts, asked)
    : url.pathname.startsWith('/dure/drains/')
      ? drainRoute(parts).handle(asked, testCall({ identity }))
      : eurekaApi({ ...parts, peers: () => [], maxInstances: 1_000, startedMs: clock.monotonicMs() })(asked, identity));
  return { status: answer.status, text: typeof answer.body === 'string' ? answer.body : '' };
}
