import type { Clock } from '@dure/core';
import type { FeedMessage, InstanceReport, Vitals } from '../../wire/change-feed.ts';
import { FeedStream } from './feed-stream.ts';

/** Who follows. */
export interface Subscriber {
  readonly instance: string;
  readonly application: string;
  readonly profiles: readonly string[];
  /** Name, profiles and label of what it reads. */
  readonly target: string;
  /** The schemas that it reads by: who has the same ones would judge the same. */
  readonly schema: string;
  readonly version: string | undefined;
}

/** Which instance runs which version. */
export interface InstanceRow {
  readonly instance: string;
  readonly application: string;
  readonly profiles: readonly string[];
  readonly version: string | undefined;
  /** Epoch milliseconds since which it runs that version. */
  readonly since: number;
  readonly refused: string | undefined;
  /** Whether it hears of changes at once. */
  readonly follows: boolean;
}

interface Entry {
  row: Omit<InstanceRow, 'follows'>;
  target: string;
  schema: string;
  vitals: Vitals | undefined;
  stream: FeedStream | undefined;
  heardAt: number;
  /** Silence after which it is taken for gone, when it has no stream. */
  patienceMs: number;
}

/** An instance comes back within this time, or is gone. */
const backMs = 10_000;
/** One that follows no stream reports at least this often. */
const silentMs = 90_000;

/** The instances that there are, what they run, and how to reach them. Bounded; the gone leave. */
export class Subscribers {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #most: number;

  constructor(clock: Clock, most = 5_000) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Undefined when there are too many. An instance that comes again takes the place of its former connection. */
  join({ instance, application, profiles, target, schema, version }: Subscriber): FeedStream | undefined {
    const entry = this.#entry(instance, application);
    if (entry === undefined) return undefined;
    entry.stream?.close();
    const stream = new FeedStream(() => {
      if (entry.stream !== stream) return;
      entry.stream = undefined;
      this.#heard(entry, backMs);
    });
    this.#say(entry, { version, profiles });
    Object.assign(entry, { stream, target, schema });
    this.#heard(entry, backMs);
    return stream;
  }

  report({ instance, application, profiles, version, refused, vitals, leaves }: InstanceReport): void {
    if (leaves === true) {
      this.#entries.get(instance)?.stream?.close();
      this.#entries.delete(instance);
      return;
    }
    const entry = this.#entry(instance, application);
    if (entry === undefined) return;
    if (vitals !== undefined) entry.vitals = vitals;
    this.#say(entry, { version, refused, profiles });
    this.#heard(entry, entry.stream === undefined ? silentMs : backMs);
  }

  rows(): readonly InstanceRow[] {
    this.#sweep();
    return [...this.#entries.values()]
      .map(({ row, stream }) => ({ ...row, follows: stream !== undefined }))
      .sort((a, b) => (a.instance < b.instance ? -1 : 1));
  }

  find(instance: string): (InstanceRow & { readonly vitals: Vitals | undefined }) | undefined {
    const entry = this.#entries.get(instance);
    return entry && { ...entry.row, follows: entry.stream !== undefined, vitals: entry.vitals };
  }

  /** Whose instance it is; undefined for one that is not known. */
  ownerOf(instance: string): string | undefined {
    return this.#entries.get(instance)?.row.application;
  }

  /** The instances that read a target and can be told something now, in the order in which they came. */
  following(target: string): readonly { readonly instance: string; readonly schema: string }[] {
    return [...this.#entries].flatMap(([instance, { stream, schema, target: own }]) =>
      stream !== undefined && own === target ? [{ instance, schema }] : [],
    );
  }

  /** Whether it could be told. */
  tell(instance: string, message: FeedMessage): boolean {
    const stream = this.#entries.get(instance)?.stream;
    stream?.put(message);
    return stream !== undefined;
  }

  tellAll(message: FeedMessage, but?: string): void {
    for (const [instance, { stream }] of this.#entries) if (instance !== but) stream?.put(message);
  }

  beat(): void {
    for (const { stream } of this.#entries.values()) stream?.beat();
    this.#sweep();
  }

  close(): void {
    for (const { stream } of this.#entries.values()) stream?.close();
    this.#entries.clear();
  }

  #entry(instance: string, application: string): Entry | undefined {
    const found = this.#entries.get(instance);
    if (found !== undefined) return found;
    if (this.#entries.size >= this.#most) this.#sweep();
    if (this.#entries.size >= this.#most) return undefined;
    const row = {
      instance,
      application,
      profiles: [],
      version: undefined,
      since: this.#clock.now(),
      refused: undefined,
    };
    const entry: Entry = {
      row,
      target: '',
      schema: '',
      vitals: undefined,
      stream: undefined,
      heardAt: this.#clock.monotonicMs(),
      patienceMs: silentMs,
    };
    this.#entries.set(instance, entry);
    return entry;
  }

  #say(entry: Entry, said: Partial<Pick<InstanceRow, 'version' | 'refused' | 'profiles'>>): void {
    const since = said.version === entry.row.version ? entry.row.since : this.#clock.now();
    entry.row = { ...entry.row, ...said, since };
  }

  #heard(entry: Entry, patienceMs: number): void {
    entry.heardAt = this.#clock.monotonicMs();
    entry.patienceMs = patienceMs;
  }

  #sweep(): void {
    const now = this.#clock.monotonicMs();
    for (const [instance, { stream, heardAt, patienceMs }] of this.#entries)
      if (stream === undefined && now - heardAt > patienceMs) this.#entries.delete(instance);
  }
}
