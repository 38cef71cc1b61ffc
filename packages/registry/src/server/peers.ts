import type { Clock, Random } from '@dure/core';
import { messageOf, wait } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { Logger } from '@dure/telemetry';
import { maskText } from '@dure/telemetry';
import { registryErrors } from '../errors.ts';
import type { DrainAnswer } from '../wire/push-stream.ts';
import { drainPath } from '../wire/push-stream.ts';
import { decodeInstance, isRecord } from './decode-instance.ts';
import type { InstanceRegistry } from './instance-registry.ts';
import { Peer } from './peer.ts';
import type { ReplicatedOperation } from './peer-queue.ts';
import type { PeerTransport } from './transport.ts';

/** What the peers need. */
export interface PeersOptions {
  /** `http://10.0.0.2:8761`; with `user:password@` for a registry that takes HTTP Basic. */
  readonly urls: readonly string[];
  readonly transport: (url: string) => PeerTransport;
  readonly signer: TokenSigner;
  readonly registry: InstanceRegistry;
  readonly epoch: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const syncTimeoutMs = 10_000;
const syncAttempts = 5;

/** The other registries of the system. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #stop = new AbortController();
  readonly all: readonly Peer[];

  constructor(options: PeersOptions) {
    this.#options = options;
    this.all = options.urls.map((text) => this.#open(text));
  }

  /** Tells every peer what was done here. */
  tell(operation: ReplicatedOperation): void {
    for (const peer of this.all) peer.tell(operation);
  }

  /** Takes over what the first peer that answers knows. Never rejects. */
  async synchronise(): Promise<void> {
    const { clock, log } = this.#options;
    for (let attempt = 0; attempt < syncAttempts && this.all.length > 0; attempt += 1) {
      for (const peer of this.all) {
        if (this.#stop.signal.aborted) return;
        try {
          const count = await this.#copy(peer);
          log.info(`took over ${count} instances from ${peer.url}`);
          return;
        } catch (error) {
          log.info(`the peer ${peer.url} could not be copied: ${messageOf(error)}`, { error });
        }
      }
      await wait(clock, 1_000, this.#stop.signal);
    }
  }

  /** How many of their subscribers have not acknowledged; a peer that does not answer counts as one. */
  async drain(app: string, id: string, withinMs: number): Promise<number> {
    const path = `${drainPath}/${encodeURIComponent(app)}/${encodeURIComponent(id)}?within=${withinMs}`;
    const left = await Promise.all(
      this.all.map(async (peer): Promise<number> => {
        try {
          const { status, text } = await peer.ask({ method: 'PUT', path, timeoutMs: withinMs + 500 });
          return status === 200
            ? (JSON.parse(text) as DrainAnswer).waitingFor
            : status === 404 || status === 421
              ? 0
              : 1;
        } catch {
          return 1;
        }
      }),
    );
    return left.reduce((sum, count) => sum + count, 0);
  }

  close(): void {
    this.#stop.abort();
    for (const peer of this.all) peer.close();
  }

  async #copy(peer: Peer): Promise<number> {
    const { registry, clock } = this.#options;
    const { status, text } = await peer.ask({ method: 'GET', path: '/eureka/apps/', timeoutMs: syncTimeoutMs });
    if (status !== 200) {
      throw registryErrors.PEER_REFUSED(`the peer ${peer.url} answered ${status} to a request for all applications`, {
        details: { peer: peer.url, status },
      });
    }
    let count = 0;
    for (const instance of instancesOf(JSON.parse(text))) {
      const app = String(instance.app).toUpperCase();
      const decoded = decodeInstance(instance, app, clock);
      if (decoded.ok && registry.register(decoded.info, 'peer')) count += 1;
    }
    return count;
  }

  #open(text: string): Peer {
    const { transport, signer, registry, epoch, clock, random, log } = this.#options;
    const { url, basic } = parsePeerUrl(text);
    const authorize = basic === undefined ? () => signer.authorize('registry', undefined) : async () => basic;
    return new Peer({ url, transport: transport(url), authorize, registry, epoch, clock, random, log });
  }
}

/** Splits the credentials off a URL. REGISTRY_OPTION_INVALID. */
export function parsePeerUrl(text: string): { readonly url: string; readonly basic: string | undefined } {
  const parsed = URL.parse(text);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw registryErrors.OPTION_INVALID(
      `registryService: the peer "${maskText(text)}" is no URL; expected something like http://10.0.0.2:8761`,
      { details: { peer: maskText(text) } },
    );
  }
  const credentials = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
  return {
    url: `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, ''),
    basic: parsed.username === '' ? undefined : `Basic ${btoa(credentials)}`,
  };
}

/** Every instance in an answer to "all applications"; older servers write a single one without its array. */
function instancesOf(answer: unknown): readonly Readonly<Record<string, unknown>>[] {
  const applications = isRecord(answer) && isRecord(answer.applications) ? answer.applications : {};
  return listOf(applications.application).flatMap((application) => listOf(application.instance));
}

function listOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return (Array.isArray(value) ? value : [value]).filter(isRecord);
}
