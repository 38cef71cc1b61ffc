import { createHash } from 'node:crypto';
import type { Clock, Random, Timer } from '@dure/core';
import { codeOf, jsonSchemaOf, messageOf } from '@dure/core';
import type { ConfigSections, ReadSections, SectionReader, SectionValues } from './config-section.ts';
import { sectionReader } from './config-section.ts';
import type { ConfigSource, LoadedLayers } from './config-source.ts';
import type { ExplainedKey } from './explain-config.ts';
import type { ConfigFollower, ConfigHints, HintLine } from './hints.ts';
import { layerNames, loadLayers } from './load-config.ts';
import { sameLayers } from './same-layers.ts';
import type { KeyValue } from './section-part.ts';

const hintedEveryMs = 30_000;
const unhintedEveryMs = 5_000;
const firstRetryMs = 250;

/** Options of `watchConfig`. */
export interface WatchConfigOptions<S extends ConfigSections> {
  /** What is read, by names of the caller's own. They change together or not at all. */
  readonly sections: S;
  readonly service: string;
  readonly profiles: readonly string[];
  /** Lowest precedence first, as for `loadConfig`. */
  readonly sources: readonly ConfigSource[];
  /** Prefixes of keys that belong to somebody else. Default `spring.` and `dure.`. */
  readonly foreign?: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  /**
   * From the end of one reading to the next, in milliseconds, give or take a tenth. Default 5 000; 30 000 while hints arrive. After a
   * reading that did not bring what a hint had named it is soon tried again, ever more slowly.
   */
  readonly everyMs?: number;
  /** What tells of changes; a hint that is missed is made up for by the next reading. Default: nothing. */
  readonly hints?: ConfigHints;
  /** Is told of what did not become a change, once for as long as it stays the same. */
  readonly observe?: (event: ConfigEvent) => void;
}

/** What a reading brought instead of a change. */
export type ConfigEvent =
  /** What was read does not fit (CONFIG_INVALID): all of it is refused, and what held before holds on. */
  | { readonly kind: 'refused'; readonly error: unknown }
  /** A source could not be read: nothing changes. */
  | { readonly kind: 'unread'; readonly error: unknown }
  /** It was read, but the reader should know something: an old copy is used. */
  | { readonly kind: 'warned'; readonly warning: string }
  /** A listener threw; the others were told. */
  | { readonly kind: 'failed'; readonly error: unknown };

/** A configuration, complete and immutable. */
export interface ConfigState<S extends ConfigSections> {
  readonly values: SectionValues<S>;
  /** Every key: its value, where it comes from, and what it overrode. Secrets are masked. */
  explain(): readonly ExplainedKey[];
  /** What was read, in the order in which it was applied, the defaults first. */
  readonly layers: readonly string[];
  /** What the reader should know, such as that the config server is away and an old copy is used. */
  readonly warnings: readonly string[];
  /** The version that the config server names; undefined where there is none. */
  readonly version: string | undefined;
}

/** One configuration took the place of another, as a whole. */
export interface ConfigChange<S extends ConfigSections> {
  readonly values: SectionValues<S>;
  readonly keys: readonly ChangedKey[];
  /** The names of the sections in which something changed. */
  readonly sections: ReadonlySet<string>;
}

/** A key whose value changed; `undefined` where there is none. Secrets are masked. */
export interface ChangedKey {
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** A configuration that is read again and again. */
export interface ConfigWatch<S extends ConfigSections> extends AsyncDisposable {
  readonly current: ConfigState<S>;
  /** Why the latest reading was refused; undefined when it was not. */
  readonly refusal: unknown;
  /** Is told of each change, after it became current. The result ends that. */
  onChange(listener: (change: ConfigChange<S>) => void): () => void;
  /**
   * Reads now, and again if a reading is under way: what was written before the call is seen. The keys that changed;
   * rejects with what stood in the way, such as CONFIG_INVALID.
   */
  refresh(): Promise<readonly string[]>;
  /** What the configuration would be under other profiles; nothing changes. Rejects as a first reading does. */
  under(profiles: readonly string[]): Promise<ConfigState<S>>;
  /** Ends the reading under way and all others. Idempotent. */
  close(): Promise<void>;
}

/**
 * Reads a configuration as `loadConfig` does, and keeps reading it. A change is checked as a whole before anybody hears
 * of it: one that does not fit is refused, and a source that is away changes nothing. The first reading rejects as
 * `loadConfig` does.
 *
 * @example
 * await using watch = await watchConfig({ sections: { own: { schema } }, service: 'order', profiles, sources, clock, random });
 * watch.onChange(({ values, keys }) => apply(values.own, keys));
 */
export async function watchConfig<const S extends ConfigSections>(
  options: WatchConfigOptions<S>,
): Promise<ConfigWatch<S>> {
  const { sections, service, foreign, sources, profiles } = options;
  const read = sectionReader(sections, service, foreign);
  const loaded = await loadLayers(sources, { service, profiles });
  const watch = new RunningWatch(options, read, loaded);
  await loaded.keep?.().catch(async (error: unknown) => {
    await watch.close();
    throw error;
  });
  return watch;
}

class RunningWatch<S extends ConfigSections> implements ConfigWatch<S> {
  current: ConfigState<S>;
  refusal: unknown = undefined;
  readonly #options: WatchConfigOptions<S>;
  readonly #read: SectionReader<S>;
  readonly #listeners = new Set<(change: ConfigChange<S>) => void>();
  #keys: ReadSections<S>['keys'];
  #timer: Timer | undefined;
  #reading: Promise<readonly string[]> | undefined = undefined;
  #queued: Promise<readonly string[]> | undefined = undefined;
  #stop = new AbortController();
  #isClosed = false;
  /** The version that a hint has named, until a reading tells what is to be run. */
  #owed: string | undefined;
  /** How many readings in a row came to nothing. */
  #unread = 0;
  /** What was told last, so that it is told once. */
  #told = '';
  #layers: LoadedLayers['layers'];
  readonly #line: HintLine | undefined;

  constructor(options: WatchConfigOptions<S>, read: SectionReader<S>, loaded: LoadedLayers) {
    this.#options = options;
    this.#read = read;
    const sections = read(loaded.layers);
    this.#keys = sections.keys;
    this.current = stateOf(sections, loaded);
    this.#layers = loaded.layers;
    this.#told = loaded.warnings.join('\n');
    this.#line = options.hints?.follow(this.#follower());
    this.#arm();
  }

  onChange(listener: (change: ConfigChange<S>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  refresh(): Promise<readonly string[]> {
    if (this.#isClosed) return Promise.resolve([]);
    if (this.#reading === undefined) return this.#begin();
    // The reading under way may have begun before the edit: one more follows it, for all who ask meanwhile.
    this.#queued ??= this.#reading.then(ignored, ignored).then(() => {
      this.#queued = undefined;
      return this.refresh();
    });
    return this.#queued;
  }

  async under(profiles: readonly string[]): Promise<ConfigState<S>> {
    const { service, sources } = this.#options;
    const loaded = await loadLayers(sources, { service, profiles, isLook: true }, this.#stop.signal);
    return stateOf(this.#read(loaded.layers), loaded);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#listeners.clear();
    this.#stop.abort();
    await this.#line?.close();
    await this.#reading?.catch(ignored);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #follower(): ConfigFollower {
    const { service, profiles, sections, sources } = this.#options;
    const target = { service, profiles };
    return {
      target,
      schema: schemaName(sections),
      version: () => this.current.version,
      refused: () => (this.refusal === undefined ? undefined : messageOf(this.refusal)),
      hinted: (version) => {
        const isUnderWay = this.#reading !== undefined;
        // A reading under way may bring another version: then even the current one is news.
        if (version !== undefined && version === this.current.version && !isUnderWay) return;
        this.#owed = version ?? this.#owed;
        (isUnderWay || this.#isClosed ? this.refresh() : this.#begin(version)).catch(ignored);
      },
      unhinted: () => this.#arm(),
      judge: async (candidate) => {
        try {
          this.#read((await loadLayers(sources, { ...target, candidate }, this.#stop.signal)).layers);
          return undefined;
        } catch (error) {
          // What cannot be read is nobody's fault here: only a schema refuses.
          return codeOf(error) === 'CONFIG_INVALID' ? messageOf(error) : undefined;
        }
      },
    };
  }

  /** The next reading of its own accord; a reading under way arms it anew. */
  #arm(): void {
    if (this.#isClosed) return;
    const { clock, random } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.after(this.#pauseMs() * (0.9 + random.next() / 5), () => {
      void (this.#reading ?? this.#begin()).catch(ignored);
    });
  }

  #pauseMs(): number {
    const { everyMs = this.#line?.isOpen === true ? hintedEveryMs : unhintedEveryMs } = this.#options;
    if (this.#unread === 0) return everyMs;
    const soonMs = this.#owed === undefined ? unhintedEveryMs : firstRetryMs * 2 ** Math.min(this.#unread - 1, 10);
    return Math.min(soonMs, unhintedEveryMs, everyMs);
  }

  #begin(wanted?: string): Promise<readonly string[]> {
    this.#stop = new AbortController();
    const reading = this.#again(this.#stop.signal, wanted).finally(() => {
      this.#reading = undefined;
      this.#arm();
    });
    this.#reading = reading;
    return reading;
  }

  async #again(signal: AbortSignal, wanted: string | undefined): Promise<readonly string[]> {
    const { service, profiles, sources } = this.#options;
    try {
      const loaded = await loadLayers(sources, { service, profiles, wanted }, signal);
      if (this.#isClosed) return [];
      // Without a version it is the copy that is used while the server is away.
      this.#came(this.#owed === undefined || loaded.version !== undefined);
      const isSame = sameLayers(this.#layers, loaded.layers);
      // What was refused is looked at again, so that who asks for it is told why.
      const sections = isSame && this.refusal === undefined ? undefined : this.#read(loaded.layers);
      await loaded.keep?.();
      const isNew = this.refusal !== undefined || loaded.version !== this.current.version;
      this.refusal = undefined;
      this.#tell(loaded.warnings.map((warning) => ({ kind: 'warned', warning })));
      const keys = this.#change(sections, loaded);
      if (isNew) this.#line?.tell();
      return keys;
    } catch (error) {
      if (this.#isClosed) return [];
      const isRefused = codeOf(error) === 'CONFIG_INVALID';
      if (!isRefused) this.#came(false);
      if (isRefused) {
        const isNew = messageOf(this.refusal) !== messageOf(error);
        this.refusal = error;
        if (isNew) this.#line?.tell();
      }
      this.#tell([{ kind: isRefused ? 'refused' : 'unread', error }]);
      throw error;
    }
  }

  #came(isKnown: boolean): void {
    this.#unread = isKnown ? 0 : this.#unread + 1;
    if (isKnown) this.#owed = undefined;
  }

  #change(sections: ReadSections<S> | undefined, loaded: LoadedLayers): readonly string[] {
    this.#layers = loaded.layers;
    if (sections === undefined) {
      const { warnings, version } = loaded;
      this.current = { ...this.current, warnings, version };
      return [];
    }
    const changed = changes(this.#keys, sections.keys);
    const keys = [...changed.values()].flat().sort(byKey);
    this.#keys = sections.keys;
    this.current = stateOf(sections, loaded);
    if (keys.length === 0) return [];
    for (const listener of this.#listeners) {
      try {
        listener({ values: sections.values, keys, sections: new Set(changed.keys()) });
      } catch (error) {
        this.#options.observe?.({ kind: 'failed', error });
      }
    }
    return keys.map(({ key }) => key);
  }

  #tell(events: readonly Exclude<ConfigEvent, { kind: 'failed' }>[]): void {
    const told = events.map((event) => (event.kind === 'warned' ? event.warning : messageOf(event.error))).join('\n');
    if (told === this.#told) return;
    this.#told = told;
    for (const event of events) this.#options.observe?.(event);
  }
}

function stateOf<S extends ConfigSections>(
  { values, explain }: ReadSections<S>,
  { layers, warnings, version }: LoadedLayers,
): ConfigState<S> {
  return { values, explain, layers: layerNames(layers), warnings, version };
}

/** What changed, by section. */
function changes(
  before: ReadSections<ConfigSections>['keys'],
  after: typeof before,
): ReadonlyMap<string, readonly ChangedKey[]> {
  const changed = new Map<string, readonly ChangedKey[]>();
  for (const [section, keys] of after) {
    const own = changedKeys(before.get(section) ?? new Map(), keys);
    if (own.length > 0) changed.set(section, own);
  }
  return changed;
}

function changedKeys(before: ReadonlyMap<string, KeyValue>, after: typeof before): readonly ChangedKey[] {
  const isChanged = (key: string) => !Object.is(before.get(key)?.value, after.get(key)?.value);
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter(isChanged)
    .map((key) => ({ key, before: before.get(key)?.shown, after: after.get(key)?.shown }));
}

function byKey({ key: one }: ChangedKey, { key: other }: ChangedKey): number {
  return one < other ? -1 : 1;
}

/** Whoever reads by the same schemas would judge the same: a short name for them. */
function schemaName(sections: ConfigSections): string {
  const parts = Object.entries(sections).map(([name, section]) => [
    name,
    section.at ?? '',
    'read' in section ? '' : jsonSchemaOf(section.schema, 'input', name),
  ]);
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 12);
}

function ignored(): void {}
