import type { Instance, InstanceList } from '@dure/balancer';
import { staticInstances } from '@dure/balancer';
import type { Clock, Health, Random } from '@dure/core';
import { CollectionWatch } from './collection-watch.ts';
import type { Slice } from './slice.ts';
import { decodeSlice, instancesOf, otherPorts } from './slice.ts';
import type { KubernetesApi } from './transport.ts';

/** Which Kubernetes service stands behind a Dure service. */
export interface WatchedService {
  readonly namespace: string;
  /** Default: the Dure service's name. */
  readonly name?: string;
  /**
   * The name of the port that takes calls. Default: the one named `http`, else the first that is not `management`; that
   * one is the management port.
   */
  readonly port?: string;
}

/** What may be worth a log line. */
export type KubernetesEvent =
  /** A list or a watch broke off, to be taken up again; the instances known before are kept. */
  | { readonly kind: 'watch-failed'; readonly service: string; readonly error: unknown; readonly againInMs: number }
  /** There are endpoints, but none has the wanted port; `ports` are those they have. */
  | { readonly kind: 'port-missing'; readonly service: string; readonly ports: readonly string[] };

/** Options of `openKubernetesInstances`. */
export interface KubernetesInstancesOptions {
  readonly services: Readonly<Record<string, WatchedService>>;
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: Random;
  /** How long the API server may be silent before it answers, or within a list, in milliseconds. Default 10 000. */
  readonly answerWithinMs?: number;
  readonly observe?: (event: KubernetesEvent) => void;
}

/** An instance list that follows EndpointSlices. */
export interface KubernetesInstances extends InstanceList, AsyncDisposable {
  /** DOWN never: without the API server the last known list serves on. `UNKNOWN` while a service is not watched. */
  health(): Health;
  /** Ends the watches; the list stays as it is. */
  close(): Promise<void>;
}

/**
 * Instances from the EndpointSlices of services: those that are ready, so one that terminates is gone as soon as the API
 * server says so; and when none is ready, those that terminate but still serve. Resolves when each service was asked for
 * once, whether or not there was an answer. While the API server is away, the last known instances stay. Needs get,
 * list and watch on `endpointslices` of `discovery.k8s.io`.
 *
 * @example
 * const api = kubernetesApi(await inCluster());
 * await using instances = await openKubernetesInstances({ services: { inventory: { namespace: 'shop' } }, api, clock, random });
 */
export async function openKubernetesInstances(options: KubernetesInstancesOptions): Promise<KubernetesInstances> {
  const list = staticInstances();
  const watches = Object.entries(options.services).map(([service, watched]) =>
    follow(service, watched, options, (instances) => list.set(service, instances)),
  );
  await Promise.all(watches.map(({ asked }) => asked));
  const close = async (): Promise<void> => {
    await Promise.all(watches.map((watch) => watch.close()));
  };
  return {
    instances: (service) => list.instances(service),
    onChange: (service, changed) => list.onChange(service, changed),
    health() {
      const following = watches.filter(({ isFollowing }) => isFollowing).length;
      return {
        status: following === watches.length ? 'UP' : 'UNKNOWN',
        details: { services: watches.length, following },
      };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function follow(
  service: string,
  { namespace, name = service, port }: WatchedService,
  { api, clock, random, answerWithinMs = 10_000, observe }: KubernetesInstancesOptions,
  changed: (instances: readonly Instance[]) => void,
): CollectionWatch<Slice> {
  const selector = encodeURIComponent(`kubernetes.io/service-name=${name}`);
  const folder = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
  let known = new Map<string, Instance>();
  const show = (slices: readonly Slice[]) => {
    // Instances of which nothing has changed stay the same objects.
    const instances = instancesOf(service, slices, port).map((instance) => {
      const before = known.get(instance.id);
      return before !== undefined && isSame(before, instance) ? before : instance;
    });
    known = new Map(instances.map((instance) => [instance.id, instance]));
    const ports = instances.length > 0 ? [] : otherPorts(slices, port);
    if (ports.length > 0) observe?.({ kind: 'port-missing', service, ports });
    changed(instances);
  };
  return new CollectionWatch({
    api,
    clock,
    random,
    path: `${folder}?labelSelector=${selector}`,
    answerWithinMs,
    decode: decodeSlice,
    changed: show,
    failed: (error, againInMs) => observe?.({ kind: 'watch-failed', service, error, againInMs }),
  });
}

/** Id, and with it service, host and port, are known to be equal. */
function isSame(a: Instance, b: Instance): boolean {
  return (
    a.managementPort === b.managementPort &&
    a.zone === b.zone &&
    a.metadata.pod === b.metadata.pod &&
    a.metadata.node === b.metadata.node
  );
}
