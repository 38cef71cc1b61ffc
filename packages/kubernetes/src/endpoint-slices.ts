import type { Instance, InstanceList } from '@dure/balancer';
import { staticInstances } from '@dure/balancer';
import type { Clock, Random } from '@dure/core';
import { wait } from '@dure/core';
import { kubernetesErrors } from './errors.ts';
import type { Slice } from './slice.ts';
import { decodeSlice, instancesOf, listOf, recordOf, textOf } from './slice.ts';
import type { KubernetesApi } from './transport.ts';

/** Which Kubernetes service stands behind a Dure service. */
export interface WatchedService {
  readonly namespace: string;
  /** Default: the Dure service's name. */
  readonly name?: string;
  /** The name of the port that takes calls. Default: the first; the port named `management` is the management port. */
  readonly port?: string;
}

/** A watch that broke off, to be begun anew; the instances known before are kept. */
export interface KubernetesEvent {
  readonly kind: 'watch-failed';
  readonly service: string;
  readonly error: unknown;
  readonly againInMs: number;
}

/** Options of `openKubernetesInstances`. */
export interface KubernetesInstancesOptions {
  readonly services: Readonly<Record<string, WatchedService>>;
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe?: (event: KubernetesEvent) => void;
}

/** An instance list that follows EndpointSlices. */
export interface KubernetesInstances extends InstanceList, AsyncDisposable {
  /** Ends the watches; the list stays as it is. */
  close(): Promise<void>;
}

/**
 * Instances from the EndpointSlices of services: those that are ready, so one that terminates is gone as soon as the API
 * server says so. Resolves when each service was asked for once. While the API server is away, the last known
 * instances stay. Needs get, list and watch on `endpointslices` of `discovery.k8s.io`.
 *
 * List, then watch from its version, resume from the last one seen, list anew after 410 Gone (Kubernetes API concepts,
 * "Efficient detection of changes").
 *
 * @example
 * const api = kubernetesApi(await inCluster());
 * await using instances = await openKubernetesInstances({ services: { inventory: { namespace: 'shop' } }, api, clock, random });
 */
export async function openKubernetesInstances(options: KubernetesInstancesOptions): Promise<KubernetesInstances> {
  const list = staticInstances();
  const watches = Object.entries(options.services).map(
    ([service, watched]) => new Watch(service, watched, options, (instances) => list.set(service, instances)),
  );
  await Promise.all(watches.map(({ asked }) => asked));
  const close = async (): Promise<void> => {
    await Promise.all(watches.map((watch) => watch.close()));
  };
  return {
    instances: (service) => list.instances(service),
    onChange: (service, changed) => list.onChange(service, changed),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Follows the slices of one service. */
class Watch {
  /** Resolves when the first answer, or the first failure, is there. */
  readonly asked: Promise<void>;
  readonly #service: string;
  readonly #path: string;
  readonly #port: string | undefined;
  readonly #options: KubernetesInstancesOptions;
  readonly #changed: (instances: readonly Instance[]) => void;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  #slices = new Map<string, Slice>();
  #known = new Map<string, Instance>();
  #failures = 0;
  #firstDone: () => void = () => {};

  constructor(
    service: string,
    { namespace, name = service, port }: WatchedService,
    options: KubernetesInstancesOptions,
    changed: (instances: readonly Instance[]) => void,
  ) {
    this.#service = service;
    this.#port = port;
    this.#options = options;
    this.#changed = changed;
    const selector = encodeURIComponent(`kubernetes.io/service-name=${name}`);
    const folder = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`;
    this.#path = `${folder}?labelSelector=${selector}`;
    this.asked = new Promise((resolve) => {
      this.#firstDone = resolve;
    });
    this.#ended = this.#run();
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { clock, random, observe } = this.#options;
    while (!this.#stopped.signal.aborted) {
      try {
        const version = await this.#list();
        this.#firstDone();
        await this.#follow(version);
      } catch (error) {
        if (this.#stopped.signal.aborted) break;
        const againInMs = Math.min(firstPauseMs * 2 ** this.#failures, longestPauseMs) * (0.5 + random.next() / 2);
        this.#failures = Math.min(this.#failures + 1, 20);
        observe?.({ kind: 'watch-failed', service: this.#service, error, againInMs });
        this.#firstDone();
        await wait(clock, againInMs, this.#stopped.signal);
      }
    }
    this.#firstDone();
  }

  async #list(): Promise<string> {
    let text = '';
    for await (const piece of await this.#options.api.get(this.#path, this.#stopped.signal)) text += piece;
    const answer = recordOf(parsed(text));
    const version = textOf(recordOf(answer.metadata).resourceVersion);
    if (version === undefined)
      throw kubernetesErrors.ANSWER_INVALID(`GET ${this.#path} answered no list: it has no metadata.resourceVersion`);
    this.#slices = new Map(
      listOf(answer.items)
        .map(decodeSlice)
        .map((slice) => [slice.name, slice]),
    );
    this.#show();
    return version;
  }

  /** Watches for as long as the versions seen can be resumed from. */
  async #follow(from: string): Promise<void> {
    let version: string | undefined = from;
    while (version !== undefined && !this.#stopped.signal.aborted) version = await this.#watch(version);
  }

  /** One watch request: the version to go on from, or undefined when it is too old. */
  async #watch(from: string): Promise<string | undefined> {
    const { api, clock, random } = this.#options;
    const seconds = Math.round(watchSeconds * (1 + random.next())); // spread, so that not all callers come back at once
    const silent = new AbortController();
    // The server ends a watch after its time; when it does not, the connection is dead.
    const timer = clock.after((seconds + graceSeconds) * 1_000, () => silent.abort());
    const query = `&watch=1&allowWatchBookmarks=true&resourceVersion=${encodeURIComponent(from)}&timeoutSeconds=${seconds}`;
    let version = from;
    try {
      const body = await api.get(this.#path + query, AbortSignal.any([this.#stopped.signal, silent.signal]));
      let rest = '';
      for await (const piece of body) {
        const lines = (rest + piece).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line === '') continue;
          const next = this.#learn(line);
          if (next === undefined) return undefined;
          version = next;
          this.#failures = 0;
        }
      }
      return version;
    } finally {
      timer.cancel();
    }
  }

  #learn(line: string): string | undefined {
    const event = recordOf(parsed(line));
    const object = recordOf(event.object);
    if (event.type === 'ERROR') {
      if (object.code === 410) return undefined;
      throw kubernetesErrors.REFUSED(`the watch of ${this.#path} ended: ${textOf(object.message) ?? line}`);
    }
    if (event.type === 'BOOKMARK') return textOf(recordOf(object.metadata).resourceVersion);
    const slice = decodeSlice(object);
    if (event.type === 'DELETED') this.#slices.delete(slice.name);
    else this.#slices.set(slice.name, slice);
    this.#show();
    return slice.resourceVersion;
  }

  /** Instances of which nothing has changed stay the same objects. */
  #show(): void {
    const instances = instancesOf(this.#service, this.#slices.values(), this.#port).map((instance) => {
      const known = this.#known.get(instance.id);
      return known !== undefined && JSON.stringify(known) === JSON.stringify(instance) ? known : instance;
    });
    this.#known = new Map(instances.map((instance) => [instance.id, instance]));
    this.#changed(instances);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw kubernetesErrors.ANSWER_INVALID(`expected JSON, but got "${text.slice(0, 80)}"`, { cause });
  }
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
const watchSeconds = 240;
const graceSeconds = 15;
