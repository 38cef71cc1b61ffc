import { Refusal } from '@dure/core';
import { personalData } from '@dure/messaging';
import type { Aggregate, AnyAggregate } from './aggregate.ts';
import { streamOf } from './aggregate.ts';
import type { EventStore, ExpectedVersion, StoredStream, StreamEvent } from './event-store.port.ts';
import { decided, evolved, factsOf, isRefused } from './evolve.ts';
import type { Fact } from './fact.ts';

/** An instance as it is in the transaction that read it. */
export interface Loaded<State> {
  readonly id: string;
  readonly state: State;
  /** The number of its last event; 0 when nothing has happened yet. */
  readonly version: number;
}

/** The instances of one aggregate, inside a unit of work, by whose COMMIT is appended. */
export interface Repository<Tx, State, Known extends string, Decisions> {
  load(tx: Tx, id: string): Promise<Loaded<State>>;
  /** Several at once, in the order of the ids, in one round trip. */
  loadAll(tx: Tx, ids: readonly string[]): Promise<readonly Loaded<State>[]>;
  /**
   * Reads the instance that the input names, decides, appends what follows, and returns the state after it. Throws the
   * `Refusal` of a decision that is refused. When another transaction was faster, the unit of work runs again, at most five
   * times and from the second on with the streams locked.
   */
  decide<Name extends keyof Decisions & string>(tx: Tx, name: Name, input: Decisions[Name]): Promise<State>;
  /** Decides for several instances, which are read in one round trip; if one refuses, nothing is appended. */
  decideAll<Name extends keyof Decisions & string>(
    tx: Tx,
    name: Name,
    inputs: readonly Decisions[Name][],
  ): Promise<readonly State[]>;
  /** Appends facts without a decision. The unit of work fails with EVENT_SOURCING_CONFLICT when the expectation does. */
  append(tx: Tx, id: string, facts: readonly Fact<Known>[], expected: ExpectedVersion): void;
  /** The committed events of an instance, from the first, page by page. */
  history(tx: Tx, id: string, pageSize?: number): AsyncIterable<readonly StreamEvent[]>;
}

/**
 * Opens the instances of an aggregate.
 *
 * @example
 * const stocks = repository(stock, { service: 'inventory', store: postgresEventStore() });
 * await db.uow(call, (tx) => stocks.decide(tx, 'reserve', { sku, orderId, quantity }));
 */
export function repository<Tx, State, Known extends string, Decisions>(
  definition: Aggregate<string, State, Known, Decisions>,
  options: { readonly service: string; readonly store: EventStore<Tx> },
): Repository<Tx, State, Known, Decisions> {
  const { store, service } = options;
  const loadAll = async (tx: Tx, ids: readonly string[]) => {
    const stored = await store.load(
      tx,
      ids.map((id) => streamOf(definition, id)),
      definition.version,
    );
    return stored.map((stream, index) => ({ ...loaded<State>(definition, ids[index] ?? '', stream), stream }));
  };
  const decideAll = async (tx: Tx, name: string, inputs: readonly unknown[]): Promise<readonly State[]> => {
    const ids = inputs.map((input) => (input as Readonly<Record<string, string>>)[definition.id] ?? '');
    const found = new Map((await loadAll(tx, [...new Set(ids)])).map((one) => [one.id, one]));
    const appends: (() => void)[] = [];
    const states = inputs.map((input, index) => {
      const id = ids[index] ?? '';
      const before = found.get(id);
      if (before === undefined) return definition.initial();
      const outcome = decided(definition, name, input, before.state);
      if (isRefused(outcome)) throw new Refusal({ service, operation: name, ...outcome });
      const facts = factsOf(outcome);
      const after = { ...before, ...advanced<State>(definition, before, facts) };
      found.set(id, after);
      appends.push(() => store.append(tx, appendOf(definition, before, after, facts)));
      return after.state;
    });
    for (const append of appends) append();
    return states;
  };
  return {
    loadAll: async (tx, ids) => (await loadAll(tx, ids)).map(({ id, state, version }) => ({ id, state, version })),
    load: async (tx, id) => {
      const [one] = await loadAll(tx, [id]);
      return { id, state: one?.state ?? definition.initial(), version: one?.version ?? 0 };
    },
    decide: async (tx, name, input) => (await decideAll(tx, name, [input]))[0] ?? definition.initial(),
    decideAll,
    append: (tx, id, facts, expected) =>
      store.append(tx, { stream: streamOf(definition, id), facts, expected, mayRepeat: false }),
    history: (tx, id, pageSize = 500) => pages(store, tx, streamOf(definition, id), pageSize),
  };
}

interface Instance<State> extends Loaded<State> {
  readonly stream: StoredStream;
}

function loaded<State>(definition: AnyAggregate, id: string, { snapshot, events }: StoredStream): Loaded<State> {
  const start = snapshot === undefined ? definition.initial() : snapshot.state;
  const state = evolved(definition, start, events) as State;
  return { id, state, version: events.at(-1)?.version ?? snapshot?.version ?? 0 };
}

function advanced<State>(definition: AnyAggregate, before: Loaded<State>, facts: readonly Fact[]) {
  const events = facts.map(({ type, event: { version: schemaVersion }, data }) => ({ type, schemaVersion, data }));
  return {
    state: evolved(definition, before.state, events) as State,
    version: before.version + facts.length,
  };
}

/** The first append to a stream in a unit of work states the version that was read; those after it stand upon the first. */
function appendOf<State>(
  definition: AnyAggregate,
  before: Instance<State>,
  after: Loaded<State>,
  facts: readonly Fact[],
) {
  const { stream, version: committed } = before.stream;
  const { snapshotEvery, version: codeVersion } = definition;
  const subjects = [...before.stream.subjects, ...facts.flatMap(subjectOf)];
  const due =
    snapshotEvery !== undefined &&
    Math.floor(after.version / snapshotEvery) > Math.floor(before.version / snapshotEvery);
  return {
    stream,
    facts,
    expected: committed,
    mayRepeat: true,
    ...(due ? { snapshot: { version: after.version, state: after.state, codeVersion, subjects } } : {}),
  };
}

function subjectOf({ event, data }: Fact): readonly string[] {
  const found = personalData(event.schema, data);
  return found === undefined ? [] : [found.subject];
}

async function* pages<Tx>(
  store: EventStore<Tx>,
  tx: Tx,
  stream: string,
  size: number,
): AsyncIterable<readonly StreamEvent[]> {
  let after = 0;
  for (;;) {
    const page = await store.read(tx, stream, after, size);
    if (page.length > 0) yield page;
    if (page.length < size) return;
    after = page.at(-1)?.version ?? after;
  }
}
