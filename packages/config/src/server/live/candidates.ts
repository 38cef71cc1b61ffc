import type { Clock, Ids } from '@dure/core';
import { messageOf, wait } from '@dure/core';
import type { Logger } from '@dure/telemetry';
import type { ConfigRequest } from '../../properties/config-folder.ts';
import type { BackendFound } from '../backends/config-backend.ts';
import type { Change, HoldReason } from './change.ts';
import { environmentVersion } from './environment-version.ts';
import type { Subscribers } from './subscribers.ts';
import type { Release, Track } from './track.ts';
import { targetKey } from './track.ts';

/** How long an instance may take to judge a candidate, in milliseconds. */
const judgeMs = 2_000;
/** Instances of one service and schema that are asked, so that one that hangs decides nothing. */
const judgesEach = 2;

type Verdict = { readonly instance: string; readonly refused: string | undefined };

interface Candidate {
  readonly releases: ReadonlyMap<string, Release>;
  readonly waiting: Map<string, (refused: string | undefined) => void>;
}

/** What a dry run found out about one target. */
export interface DryRunRow {
  readonly target: string;
  /** The version that it would get. */
  readonly version: string;
  readonly isChanged: boolean;
  /** Who was asked and answered. */
  readonly judges: readonly string[];
  readonly refused: readonly string[];
}

/** What candidates need. */
export interface CandidatesOptions {
  readonly subscribers: Subscribers;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
}

/**
 * Versions that running instances are asked about. Each judges by its own schema, so that secrets and environments stay
 * with it. Whoever does not answer decides nothing: a service that hangs must not keep out its own cure.
 */
export class Candidates {
  readonly #options: CandidatesOptions;
  readonly #open = new Map<string, Candidate>();
  readonly #closing = new AbortController();

  constructor(options: CandidatesOptions) {
    this.#options = options;
  }

  find(id: string, request: ConfigRequest): Release | undefined {
    return this.#open.get(id)?.releases.get(targetKey(request));
  }

  judged(instance: string, id: string, refused: string | undefined): void {
    this.#open.get(id)?.waiting.get(instance)?.(refused);
  }

  /** Why a change must not be given out; undefined when all who were asked take it, or nobody can be asked. */
  async refusal({ releases }: Change): Promise<HoldReason | undefined> {
    const asked = new Map([...releases].map(([{ key }, release]) => [key, release]));
    const verdicts = [...(await this.#ask(asked)).values()].flat();
    const refusals = verdicts.filter(({ refused }) => refused !== undefined);
    if (refusals.length === 0) return undefined;
    return {
      summary: `${refusals.map(({ instance }) => instance).join(', ')} refused it`,
      details: refusals.map(({ refused }) => refused).join('\n'),
    };
  }

  async dryRun(
    tracks: readonly Track[],
    find: (request: ConfigRequest) => Promise<BackendFound>,
  ): Promise<readonly DryRunRow[]> {
    const { clock } = this.#options;
    const releases = new Map<string, Release>();
    const broken = new Map<string, string>();
    for (const { key, request } of tracks) {
      try {
        const found = await find(request);
        releases.set(key, { version: environmentVersion(found), found, at: clock.now() });
        if (found.stale.length > 0) broken.set(key, `${found.stale.join(', ')} cannot be read`);
      } catch (error) {
        broken.set(key, messageOf(error));
      }
    }
    const verdicts = await this.#ask(releases);
    return tracks.map(({ key, accepted }) => {
      const all = verdicts.get(key) ?? [];
      const version = releases.get(key)?.version ?? '';
      const cause = broken.get(key);
      return {
        target: key,
        version,
        isChanged: version !== accepted.version,
        judges: all.map(({ instance }) => instance),
        refused: [
          ...(cause === undefined ? [] : [cause]),
          ...all.flatMap(({ instance, refused }) => (refused === undefined ? [] : [`${instance}: ${refused}`])),
        ],
      };
    });
  }

  close(): void {
    this.#closing.abort();
  }

  async #ask(releases: ReadonlyMap<string, Release>): Promise<ReadonlyMap<string, readonly Verdict[]>> {
    const id = this.#options.ids.uuid();
    const candidate: Candidate = { releases, waiting: new Map() };
    this.#open.set(id, candidate);
    try {
      const asked = [...releases.keys()].map(async (key) => [key, await this.#askTarget(id, candidate, key)] as const);
      return new Map(await Promise.all(asked));
    } finally {
      this.#open.delete(id);
    }
  }

  /** A few instances for each schema; the first of them that answers decides. */
  async #askTarget(id: string, candidate: Candidate, key: string): Promise<readonly Verdict[]> {
    const bySchema = new Map<string, string[]>();
    for (const { instance, schema } of this.#options.subscribers.following(key)) {
      const same = bySchema.get(schema) ?? [];
      if (same.length < judgesEach) bySchema.set(schema, [...same, instance]);
    }
    const verdicts = [...bySchema.values()].map((instances) => this.#first(id, candidate, key, instances));
    return (await Promise.all(verdicts)).filter((verdict) => verdict !== undefined);
  }

  async #first(
    id: string,
    { waiting }: Candidate,
    key: string,
    instances: readonly string[],
  ): Promise<Verdict | undefined> {
    const { subscribers, clock, log } = this.#options;
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const answered = new AbortController();
    for (const instance of instances) {
      waiting.set(instance, (refused) => resolve({ instance, refused }));
      subscribers.tell(instance, { kind: 'check', candidate: id });
    }
    const late = wait(clock, judgeMs, AbortSignal.any([answered.signal, this.#closing.signal])).then(() => undefined);
    const verdict = await Promise.race([promise, late]);
    answered.abort();
    for (const instance of instances) waiting.delete(instance);
    if (verdict === undefined)
      log.warn(`no instance of ${key} judged a change within ${judgeMs} ms: ${instances.join(', ')}`);
    return verdict;
  }
}
