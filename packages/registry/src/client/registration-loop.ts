import type { Clock, Random } from '@dure/core';
import { codeOf, messageOf, wait } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import type { Registered, Registration } from '@dure/service/server';
import type { Logger } from '@dure/telemetry';
import { registryErrors } from '../errors.ts';
import type { DrainAnswer, InstanceStatus } from '../wire/push-stream.ts';
import { drainPath } from '../wire/push-stream.ts';
import { backoffMs } from './backoff.ts';
import { eurekaBody } from './eureka-body.ts';
import type { RegistryRequest, RegistryTransport } from './transport.ts';

/** What a registration needs to keep itself alive. */
export interface RegistrationOptions {
  readonly transport: RegistryTransport;
  readonly signer: TokenSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly process: string;
  readonly renewalIntervalMs: number;
  readonly leaseMs: number;
  readonly closed: () => void;
}

/** The registry's audience in service tokens. */
export const audience = 'registry';
const requestTimeoutMs = 2_000;
/** How long `register` waits for a registry that is away before it goes on in the background. */
const firstAnswerMs = 2_000;
const deregisterMs = 1_000;

/** One instance, registered, renewed, and registered again whenever the registry does not know it any more. */
export class RegistrationLoop implements Registered {
  readonly instance: Registration;
  readonly #options: RegistrationOptions;
  readonly #first = Promise.withResolvers<void>();
  readonly #path: string;
  #status: InstanceStatus = 'UP';
  #isRegistered = false;
  #isClosed = false;
  #dirtyAt = 0;
  #failures = 0;
  #pause = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(instance: Registration, options: RegistrationOptions) {
    this.instance = instance;
    this.#options = options;
    const app = encodeURIComponent(instance.service.toUpperCase());
    this.#path = `/eureka/apps/${app}/${encodeURIComponent(instance.instanceId)}`;
  }

  /** Resolves when it is registered or the registry stays away; rejects with REGISTRY_REFUSED. */
  async start(): Promise<void> {
    void this.#run();
    const patience = new AbortController();
    const late = wait(this.#options.clock, firstAnswerMs, patience.signal);
    try {
      await Promise.race([this.#first.promise, late]);
    } finally {
      patience.abort();
    }
  }

  /** The registry came without this instance: do not wait for the next renewal. */
  missing(): void {
    if (!this.#isRegistered) return;
    this.#isRegistered = false;
    this.#wake();
  }

  async setStatus(status: 'UP' | 'OUT_OF_SERVICE' | 'DOWN'): Promise<void> {
    if (this.#isClosed || this.#status === status) return;
    this.#status = status;
    if (this.#isRegistered) await this.#sendStatus(status);
    else this.#wake();
  }

  async drain(withinMs: number): Promise<'drained' | 'timed-out'> {
    const { clock, log } = this.#options;
    if (this.#isClosed) return 'drained';
    this.#status = 'OUT_OF_SERVICE';
    const patience = new AbortController();
    const late = wait(clock, withinMs, patience.signal).then(() => undefined);
    try {
      const answer = await Promise.race([this.#askDrain(withinMs), late]);
      if (answer?.outcome === 'drained') return 'drained';
      const left = answer === undefined ? 'the registry did not answer' : `${answer.waitingFor} had not said so`;
      log.info(`not everybody had stopped routing to ${this.instance.instanceId} within ${withinMs} ms: ${left}`);
    } catch (error) {
      log.info(`${this.instance.instanceId} could not drain: ${messageOf(error)}`, { error });
    } finally {
      patience.abort();
    }
    return 'timed-out';
  }

  async #askDrain(withinMs: number): Promise<DrainAnswer | undefined> {
    const path = `${this.#path.replace('/eureka/apps', drainPath)}?within=${withinMs}`;
    const { status, text } = await this.#send({ method: 'PUT', path, timeoutMs: withinMs + 1_000 });
    if (status === 404) await this.#sendStatus('OUT_OF_SERVICE'); // a registry of another kind: it can tell, not ask
    return status === 200 ? (JSON.parse(text) as DrainAnswer) : undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#deregister();
    return this.#closing;
  }

  async #deregister(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    try {
      await this.#send({ method: 'DELETE', path: this.#path, timeoutMs: deregisterMs });
    } catch (error) {
      this.#options.log.info(`${this.instance.instanceId} could not deregister: the registry will notice by itself`, {
        error,
      });
    } finally {
      this.#options.closed();
    }
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      let pauseMs = this.#options.renewalIntervalMs * (0.9 + 0.2 * this.#options.random.next());
      try {
        if (!this.#isRegistered) await this.#register();
        else if (!(await this.#renew())) pauseMs = 0;
        this.#failures = 0;
      } catch (error) {
        pauseMs = this.#failed(error);
      }
      if (pauseMs > 0) await this.#sleep(pauseMs);
    }
  }

  async #register(): Promise<void> {
    const { clock, process, renewalIntervalMs, leaseMs, log } = this.#options;
    this.#dirtyAt = Math.max(clock.now(), this.#dirtyAt + 1); // the registry keeps the newest, also when our clock goes back
    const status = this.#status;
    const body = eurekaBody(this.instance, { status, process, renewalIntervalMs, leaseMs, dirtyAt: this.#dirtyAt });
    const path = this.#path.slice(0, this.#path.lastIndexOf('/'));
    const answer = await this.#send({ method: 'POST', path, body });
    if (answer.status !== 204) throw this.#refused(answer.status, answer.text);
    this.#isRegistered = true;
    this.#first.resolve();
    log.info(`registered as ${this.instance.instanceId}`, { status });
    if (this.#status !== status) await this.#sendStatus(this.#status);
  }

  /** Registering again would not do: Eureka keeps the status of an instance that it already holds. */
  async #sendStatus(status: InstanceStatus): Promise<void> {
    try {
      const answer = await this.#send({ method: 'PUT', path: `${this.#path}/status?value=${status}` });
      if (answer.status === 200) return;
    } catch (error) {
      this.#options.log.warn(`the registry did not take the status ${status}`, { error });
    }
    this.missing();
  }

  /** False when the registry wants it registered anew. */
  async #renew(): Promise<boolean> {
    const path = `${this.#path}?status=${this.#status}&lastDirtyTimestamp=${this.#dirtyAt}`;
    const answer = await this.#send({ method: 'PUT', path });
    if (answer.status === 200) return true;
    if (answer.status !== 404) throw this.#refused(answer.status, answer.text);
    this.#isRegistered = false;
    return false;
  }

  /** How long to wait. The first failure of a row is told, the others are not. */
  #failed(error: unknown): number {
    this.#failures += 1;
    const isRefused = codeOf(error) === registryErrors.REFUSED.code;
    if (isRefused) this.#first.reject(error);
    this.#first.promise.catch(() => {});
    if (this.#failures === 1 && !this.#isClosed) {
      this.#options.log.warn(`${this.instance.instanceId} could not reach the registry: ${messageOf(error)}`, {
        error,
      });
    }
    return backoffMs(this.#failures, 100, isRefused ? 30_000 : 5_000, this.#options.random);
  }

  #refused(status: number, text: string): Error {
    const said = wordsOf(text);
    const make = status >= 400 && status < 500 ? registryErrors.REFUSED : registryErrors.UNREACHABLE;
    return make(`the registry answered ${status} to ${this.instance.instanceId}${said === '' ? '' : `: ${said}`}`, {
      details: { status, instance: this.instance.instanceId },
    });
  }

  async #send(request: Pick<RegistryRequest, 'method' | 'path' | 'body'> & { readonly timeoutMs?: number }) {
    const authorization = await this.#options.signer.authorize(audience, undefined);
    return this.#options.transport.send({ timeoutMs: requestTimeoutMs, ...request, authorization });
  }

  async #sleep(pauseMs: number): Promise<void> {
    if (this.#isClosed) return;
    await wait(this.#options.clock, pauseMs, this.#pause.signal);
    if (this.#pause.signal.aborted) this.#pause = new AbortController();
  }

  #wake(): void {
    this.#pause.abort();
  }
}

/** What the registry said: the detail of a problem, or Eureka's plain text. */
function wordsOf(text: string): string {
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null && 'detail' in problem) return String(problem.detail);
  } catch {}
  return text.slice(0, 300).trim();
}
