import type { Clock, Random, Timer } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import { registryErrors } from '../errors.ts';
import type { ReplicationItem, ReplicationResult } from '../wire/replication.ts';
import { batchPath, epochHeader } from '../wire/replication.ts';
import { decodeInstance, isRecord } from './decode-instance.ts';
import { bareInstance } from './encode-json.ts';
import type { InstanceRegistry } from './instance-registry.ts';
import type { ReplicatedOperation } from './peer-queue.ts';
import { PeerQueue } from './peer-queue.ts';
import type { PeerRequest, PeerTransport } from './transport.ts';

/** What a peer needs. */
export interface PeerOptions {
  /** As it is shown: without credentials. */
  readonly url: string;
  readonly transport: PeerTransport;
  readonly authorize: () => Promise<string>;
  readonly registry: InstanceRegistry;
  readonly epoch: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const largestBatch = 250;
/** Renewals may wait this long for company. */
const renewalDelayMs = 500;
const timeoutMs = 5_000;
const congestedMs = 1_000;
const longestBackoffMs = 5_000;

/**
 * Another registry that is told what happens here. Operations go in order, in batches, until they are answered; when
 * a peer was away it is told of every instance that reports here, so that both sides agree soon after.
 *
 * After `PeerEurekaNode` and `TaskDispatcher` of Netflix/eureka.
 */
export class Peer {
  readonly url: string;
  readonly #options: PeerOptions;
  readonly #queue = new PeerQueue();
  #timer: Timer | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #failures = 0;
  #isReachable = true;
  #isSending = false;
  #isClosed = false;

  constructor(options: PeerOptions) {
    this.url = options.url;
    this.#options = options;
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  /** Operations that it has not answered yet. */
  get waiting(): number {
    return this.#queue.size;
  }

  tell(operation: ReplicatedOperation): void {
    if (this.#isClosed) return;
    this.#queue.add(operation);
    this.#schedule(operation.action === 'Heartbeat' ? renewalDelayMs : 0);
  }

  /** A request beside the batches; rejects when the peer does not answer. */
  async ask(request: Omit<PeerRequest, 'headers'>): Promise<{ readonly status: number; readonly text: string }> {
    const { transport, authorize, epoch } = this.#options;
    const headers = { authorization: await authorize(), accept: 'application/json', [epochHeader]: epoch };
    return transport.send({ ...request, headers });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #schedule(delayMs: number): void {
    if (this.#isClosed || this.#isSending || this.#queue.size === 0) return;
    const now = this.#options.clock.monotonicMs();
    const waitMs = this.#failures > 0 && this.#timer !== undefined ? Number.POSITIVE_INFINITY : delayMs;
    if (now + waitMs >= this.#dueAt) return;
    this.#timer?.cancel();
    this.#dueAt = now + waitMs;
    this.#timer = this.#options.clock.after(waitMs, () => {
      this.#timer = undefined;
      this.#dueAt = Number.POSITIVE_INFINITY;
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    const operations = this.#queue.first(largestBatch);
    let pauseMs = 0;
    try {
      await this.#deliver(operations);
      this.#queue.done(operations);
      this.#failures = 0;
      if (!this.#isReachable) this.#isBack();
    } catch (error) {
      pauseMs = this.#failed(error);
    }
    this.#isSending = false;
    const beatsOnly = this.#queue.first(1)[0]?.action === 'Heartbeat';
    this.#schedule(pauseMs > 0 ? pauseMs : beatsOnly ? renewalDelayMs : 0);
  }

  async #deliver(operations: readonly ReplicatedOperation[]): Promise<void> {
    const items = operations.map((operation) => this.#item(operation));
    const sent = items.filter((item) => item !== undefined);
    if (sent.length === 0) return;
    const body = JSON.stringify({ replicationList: sent });
    const { status, text } = await this.ask({ method: 'POST', path: `/eureka${batchPath}`, body, timeoutMs });
    if (status === 421) {
      this.#options.log.warn(`the peer ${this.url} is this registry itself; it is left out`);
      return this.close();
    }
    if (status !== 200) {
      throw registryErrors.PEER_REFUSED(`the peer ${this.url} answered ${status} to a batch of ${sent.length}`, {
        details: { peer: this.url, status },
      });
    }
    const results = resultsOf(text);
    sent.forEach((item, index) => {
      this.#heed(item, results[index]);
    });
  }

  /** What the peer made of one operation. */
  #heed({ action, appName, id }: ReplicationItem, result: ReplicationResult | undefined): void {
    const { registry, clock } = this.#options;
    if (action !== 'Heartbeat' || result === undefined) return;
    if (result.statusCode === 404) this.tell({ action: 'Register', app: appName, id });
    if (result.statusCode !== 409) return;
    const decoded = decodeInstance(result.responseEntity, appName, clock);
    if (decoded.ok) registry.register(decoded.info, 'peer');
  }

  /** Written when it is sent, in its present state; undefined when there is nothing left to tell. */
  #item({ action, app, id, status, lastDirtyTimestamp }: ReplicatedOperation): ReplicationItem | undefined {
    const entry = this.#options.registry.get(app, id);
    const common = { appName: app, id, action };
    if (action === 'Cancel') return { ...common, ...(lastDirtyTimestamp === undefined ? {} : { lastDirtyTimestamp }) };
    if (entry === undefined) return undefined;
    const { info } = entry;
    const told = { ...common, lastDirtyTimestamp: info.lastDirtyTimestamp, status: status ?? info.status };
    if (action === 'Register') return { ...told, instanceInfo: bareInstance(entry) };
    return action === 'Heartbeat' && info.overriddenStatus !== 'UNKNOWN'
      ? { ...told, overriddenStatus: info.overriddenStatus }
      : told;
  }

  #isBack(): void {
    const { registry, log } = this.#options;
    this.#isReachable = true;
    const own = registry.all().filter(({ lease }) => lease.isDirect);
    log.info(`the peer ${this.url} is back; it is told of ${own.length} instances`);
    for (const { info } of own) this.tell({ action: 'Register', app: info.app, id: info.instanceId });
  }

  #failed(error: unknown): number {
    const { log, random } = this.#options;
    this.#failures += 1;
    if (this.#failures === 1) {
      this.#isReachable = false;
      log.warn(`the peer ${this.url} is not told at the moment: ${messageOf(error)}`, { error });
    }
    const isCongested = isRecord(error) && isRecord(error.details) && error.details.status === 503;
    const least = isCongested ? congestedMs : 100;
    const whole = Math.min(least * 2 ** Math.min(this.#failures - 1, 10), longestBackoffMs);
    return whole / 2 + (random.next() * whole) / 2;
  }
}

function resultsOf(text: string): readonly ReplicationResult[] {
  const parsed: unknown = JSON.parse(text);
  return isRecord(parsed) && Array.isArray(parsed.responseList) ? parsed.responseList : [];
}
