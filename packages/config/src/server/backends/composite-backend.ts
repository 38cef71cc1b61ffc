import { codeOf, messageOf } from '@dure/core';
import type { ConfigRequest, FileProblem, ResourceFound, ResourceRequest } from '../../properties/config-folder.ts';
import type { BackendFound, ConfigBackend } from './config-backend.ts';
import { JoinedFinds } from './joined-finds.ts';

/** Options of `compositeBackend`. */
export interface CompositeOptions {
  /**
   * What becomes of an answer when one of the backends fails or does not know the label: `refuse` it, or `skip` what that
   * one would have said and tell of a failure in the answer and in health. Default `refuse`: half a configuration is a
   * wrong one. What a backend has kept from before it was away is no failure.
   */
  readonly onFailure?: 'refuse' | 'skip';
}

/**
 * Several backends as one: the sources of an earlier come before those of a later. The answer has no
 * version, as in Spring's.
 *
 * @example
 * compositeBackend([gitBackend({ url: 'https://git.example/config.git' }), folderBackend('./config')])
 */
export function compositeBackend(backends: readonly ConfigBackend[], options: CompositeOptions = {}): ConfigBackend {
  return new CompositeBackend(backends, options.onFailure ?? 'refuse');
}

class CompositeBackend implements ConfigBackend {
  readonly name: string;
  readonly #backends: readonly ConfigBackend[];
  readonly #onFailure: 'refuse' | 'skip';
  readonly #joined = new JoinedFinds();
  /** What stands for a backend that failed; one object, so that the same failure gives the same answer. */
  readonly #skipped: ReadonlyMap<ConfigBackend, BackendFound>;

  constructor(backends: readonly ConfigBackend[], onFailure: 'refuse' | 'skip') {
    this.name = backends.map(({ name }) => name).join(', ');
    this.#backends = backends;
    this.#onFailure = onFailure;
    this.#skipped = new Map(backends.map((backend) => [backend, { sources: [], stale: [backend.name] }]));
  }

  async find(request: ConfigRequest): Promise<BackendFound> {
    const found = await this.#ask((backend) => backend.find(request));
    if (this.#backends.length === 1) return this.#joined.of(found, ([only]) => only);
    return this.#joined.of(found, () => undefined);
  }

  async resource(request: ResourceRequest): Promise<ResourceFound | undefined> {
    const found = await this.#ask(async (backend) => ({ resource: await backend.resource(request) }));
    return found.flatMap((each) => ('resource' in each && each.resource !== undefined ? [each.resource] : [])).at(0);
  }

  async problems(): Promise<readonly FileProblem[]> {
    const all = await Promise.all(
      this.#backends.map((backend) =>
        backend.problems().catch((error: unknown) => [{ place: backend.name, message: messageOf(error) }]),
      ),
    );
    return all.flat();
  }

  async refresh(): Promise<readonly string[]> {
    const changed = await Promise.all(this.#backends.map((backend) => backend.refresh()));
    return [...new Set(changed.flat())];
  }

  watch(changed: () => void): () => void {
    const ends = this.#backends.map((backend) => backend.watch?.(changed));
    return () => {
      for (const end of ends) end?.();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#backends.map((backend) => backend[Symbol.asyncDispose]()));
  }

  /** The answers of those who have one, in order. */
  async #ask<Answer>(ask: (backend: ConfigBackend) => Promise<Answer>): Promise<readonly (Answer | BackendFound)[]> {
    const answers = await Promise.allSettled(this.#backends.map(ask));
    const given: (Answer | BackendFound)[] = [];
    let missing: unknown;
    for (const [at, backend] of this.#backends.entries()) {
      const answer = answers[at];
      if (answer?.status === 'fulfilled') given.push(answer.value);
      else if (this.#onFailure === 'refuse') throw answer?.reason;
      else if (codeOf(answer?.reason) === 'CONFIG_NOT_FOUND') missing = answer?.reason;
      else given.push(this.#skipped.get(backend) ?? { sources: [], stale: [] });
    }
    if (given.length === 0 && missing !== undefined) throw missing;
    return given;
  }
}
