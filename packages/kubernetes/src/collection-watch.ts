import type { Clock, Random } from '@dure/core';
import { isDureError, wait } from '@dure/core';
import { kubernetesErrors } from './errors.ts';
import { patience } from './patience.ts';
import { readLines } from './read-lines.ts';
import { listOf, recordOf, textOf } from './slice.ts';
import type { KubernetesApi } from './transport.ts';

/** What of an object is kept. */
export interface Watched {
  readonly name: string;
  /** Empty where the server names none. */
  readonly resourceVersion: string;
}

export interface CollectionWatchOptions<T extends Watched> {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  readonly random: Random;
  /** Path of the collection, with its selector. */
  readonly path: string;
  /** How long the server may keep silent before an answer, or within a list, in milliseconds. */
  readonly answerWithinMs: number;
  /** Reads an object. KUBERNETES_ANSWER_INVALID when it is none of these. */
  readonly decode: (object: unknown) => T;
  readonly changed: (objects: readonly T[]) => void;
  readonly failed: (error: unknown, againInMs: number) => void;
}

type Outcome = 'ended' | 'expired' | 'failed';

const firstPauseMs = 500;
const longestPauseMs = 30_000;
const longestRetryAfterMs = 60_000;
/** A watch that lasted this long was a good one, whether or not anything happened. */
const goodMs = 10_000;
const watchSeconds = 240;
const graceMs = 15_000;
const pageSize = 500;
/** etcd keeps no object beyond 1.5 MiB. */
const longestLine = 8 * 2 ** 20;

/**
 * Follows a collection of objects (Kubernetes API concepts, "Efficient detection of changes"): lists, watches from
 * the list's version, and, whatever breaks off, resumes from the last version seen; only when that is forgotten (410 Gone)
 * it lists anew. What is known stays until something else is known.
 */
export class CollectionWatch<T extends Watched> {
  /** Resolves when the first list, or the first failure, is there. */
  readonly asked: Promise<void>;
  readonly #options: CollectionWatchOptions<T>;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  #objects = new Map<string, T>();
  #version: string | undefined;
  #failures = 0;
  #isFollowing = false;

  constructor(options: CollectionWatchOptions<T>) {
    const first = Promise.withResolvers<void>();
    this.#options = options;
    this.asked = first.promise;
    this.#ended = this.#run(first.resolve);
  }

  /** Whether a watch is open, or was a moment ago. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#ended;
  }

  async #run(asked: () => void): Promise<void> {
    const { clock, failed } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      let outcome: Outcome = 'failed';
      let error: unknown;
      try {
        outcome = await this.#round(asked);
      } catch (thrown) {
        error = thrown;
        if (isGone(thrown)) outcome = 'expired';
      }
      if (signal.aborted) break;
      if (outcome === 'expired') this.#version = undefined;
      if (outcome === 'ended' && this.#failures === 0) continue;
      this.#isFollowing = false;
      const againInMs = this.#pauseMs(error);
      if (outcome === 'failed') failed(error, againInMs);
      asked();
      await wait(clock, againInMs, signal);
    }
    asked();
  }

  /** Grows while nothing gets better, and is drawn from its upper half, so that callers of one server spread out. */
  #pauseMs(error: unknown): number {
    const { random } = this.#options;
    const whole = Math.min(firstPauseMs * 2 ** this.#failures, longestPauseMs);
    this.#failures = Math.min(this.#failures + 1, 20);
    const wished = isDureError(error) ? error.details.retryAfterMs : undefined;
    const atLeast = typeof wished === 'number' ? Math.min(wished, longestRetryAfterMs) : 0;
    return Math.max(whole * (0.5 + random.next() / 2), atLeast);
  }

  async #round(asked: () => void): Promise<Outcome> {
    if (this.#version === undefined) {
      this.#version = await this.#list();
      asked();
    }
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      const outcome = await this.#watch(this.#version);
      // A server, or a proxy before it, that ends every watch at once must not be asked without a pause.
      if (outcome === 'ended' && this.#failures === 0 && clock.monotonicMs() - startedMs < goodMs) this.#failures = 1;
      return outcome;
    } finally {
      if (clock.monotonicMs() - startedMs >= goodMs) this.#failures = 0;
    }
  }

  async #list(): Promise<string> {
    const objects = new Map<string, T>();
    let next = '';
    let version: string | undefined;
    do {
      const page = await this.#page(next);
      const metadata = recordOf(page.metadata);
      version = textOf(metadata.resourceVersion);
      if (version === undefined)
        throw kubernetesErrors.ANSWER_INVALID(
          `GET ${this.#options.path} answered no list: it has no metadata.resourceVersion`,
        );
      for (const object of listOf(page.items).map(this.#options.decode)) objects.set(object.name, object);
      next = textOf(metadata.continue) ?? '';
    } while (next !== '');
    this.#objects = objects;
    this.#options.changed([...objects.values()]);
    return version;
  }

  async #page(next: string): Promise<Readonly<Record<string, unknown>>> {
    const { api, clock, path, answerWithinMs } = this.#options;
    const patient = patience(clock, this.#stopped.signal);
    try {
      patient.atMost(answerWithinMs, `GET ${path}`);
      const from = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
      let text = '';
      for await (const piece of await api.get(`${path}&limit=${pageSize}${from}`, patient.signal)) {
        patient.atMost(answerWithinMs, `GET ${path}`);
        text += piece;
      }
      return recordOf(parsed(text));
    } catch (error) {
      throw patient.reasonOf(error);
    } finally {
      patient.end();
    }
  }

  async #watch(from: string): Promise<Outcome> {
    const { api, clock, random, path, answerWithinMs } = this.#options;
    const seconds = Math.round(watchSeconds * (1 + random.next())); // spread, so that not all callers come back at once
    const patient = patience(clock, this.#stopped.signal);
    const query = `&watch=1&allowWatchBookmarks=true&resourceVersion=${encodeURIComponent(from)}&timeoutSeconds=${seconds}`;
    try {
      patient.atMost(answerWithinMs, `watch ${path}`);
      const body = await api.get(path + query, patient.signal);
      this.#isFollowing = true;
      // The server ends a watch after its time; when it does not, the connection is dead.
      patient.atMost(seconds * 1_000 + graceMs, `watch ${path}`);
      for await (const line of readLines(body, longestLine)) {
        if (!this.#learn(line)) return 'expired';
        this.#failures = 0;
      }
      return 'ended';
    } catch (error) {
      throw patient.reasonOf(error);
    } finally {
      patient.end();
    }
  }

  /** Takes in one line of a watch; false when the version it began with is forgotten. */
  #learn(line: string): boolean {
    const event = recordOf(parsed(line));
    const object = recordOf(event.object);
    if (event.type === 'ERROR') {
      if (object.code === 410) return false;
      throw kubernetesErrors.REFUSED(
        `the watch of ${this.#options.path} ended: ${textOf(object.message) ?? line.slice(0, 200)}`,
        { details: { status: object.code } },
      );
    }
    if (event.type === 'BOOKMARK') {
      this.#version = textOf(recordOf(object.metadata).resourceVersion) ?? this.#version;
      return true;
    }
    const known = this.#options.decode(object);
    if (event.type === 'DELETED') this.#objects.delete(known.name);
    else this.#objects.set(known.name, known);
    this.#version = known.resourceVersion === '' ? this.#version : known.resourceVersion;
    this.#options.changed([...this.#objects.values()]);
    return true;
  }
}

function isGone(error: unknown): boolean {
  return isDureError(error) && error.code === kubernetesErrors.REFUSED.code && error.details.status === 410;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw kubernetesErrors.ANSWER_INVALID(`expected JSON, but got "${text.slice(0, 80)}"`, { cause });
  }
}
