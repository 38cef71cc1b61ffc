import type { Call, SchemaInput } from '@dure/core';
import type { AnyEvent, EventData, EventType, Outbox } from '@dure/messaging';
import { serviceErrors } from '../errors.ts';

/** What a service does when something has happened, elsewhere or in itself. */
export interface Reaction<Tx = never> {
  /** What operators call it. */
  readonly name: string;
  readonly event: AnyEvent;
  readonly run: (data: never, call: Call, tx: Tx) => Promise<void>;
  /** What it is to the flow that it belongs to; absent for one that belongs to none. */
  readonly part?: FlowPart;
  /** The name under which it may be replayed; absent for one that may not. */
  readonly replayable?: string;
}

/** What else a reaction says of itself. */
export interface ReactionOptions {
  /** What operators call it. Default: the name of its event. */
  readonly name?: string;
  /**
   * Whether past events may be delivered to it once more, by `dure replay`: to be said of a reaction that comes to the same when it
   * runs again with the events of a key in order. Default false.
   */
  readonly replayable?: boolean;
}

/** A reaction's part in a flow. */
export interface FlowPart {
  readonly name: string;
  readonly flow: string;
  readonly emits: readonly AnyEvent[];
  readonly undoneBy: AnyEvent | undefined;
  readonly undoes: string | undefined;
}

/** A reaction as a part of a flow. */
export interface ReactionSpec<When extends AnyEvent, Tx, Emits extends readonly AnyEvent[]> {
  /** The flow's name. */
  readonly flow: string;
  readonly when: When;
  /** All that it may emit; anything else is refused: SERVICE_EVENT_UNLISTED. Default: nothing. */
  readonly emits?: Emits;
  /** The event upon which another reaction takes back what this one does. */
  readonly undoneBy?: AnyEvent;
  /** The name of the reaction whose effect this one takes back. */
  readonly undoes?: string;
  /** Whether past events may be delivered to it once more; see `ReactionOptions`. Default false. */
  readonly replayable?: boolean;
  readonly run: (data: EventData<When>, call: Call, tx: Tx, emit: EmitOf<Emits>) => Promise<void>;
}

/** Emits one of the listed events. */
export type EmitOf<Emits extends readonly AnyEvent[]> = <E extends Emits[number]>(
  event: E,
  data: SchemaInput<E['schema']>,
) => void;

/**
 * Declares what happens when an event arrives, of another service or of its own: in one transaction with the event's position.
 *
 * @example
 * on(productAdded, async ({ sku }, call, tx) => { await stock(tx).create(sku); }, { replayable: true })
 */
export function on<Data, Input, Tx>(
  event: EventType<string, Data, Input>,
  run: (data: Data, call: Call, tx: Tx) => Promise<void>,
  { name = event.name, replayable = false }: ReactionOptions = {},
): Reaction<Tx> {
  return { name, event, run, ...(replayable ? { replayable: name } : {}) };
}

/**
 * Declares the same as a part of a flow: what it emits, what takes it back and what it takes back itself. `dure flow` draws
 * the flow from that, and `dure check` finds what is missing in it.
 *
 * @example
 * reaction('depot.pack', { flow: 'restocking', when: stockRanLow, emits: [goodsSent], undoneBy: refillRefused,
 *   run: async ({ sku }, call, tx: Tx<Tables>, emit) => { await pack(tx, sku); emit(goodsSent, { sku }); } })
 */
export function reaction<
  When extends AnyEvent,
  Tx extends Outbox,
  const Emits extends readonly AnyEvent[] = readonly [],
>(name: string, spec: ReactionSpec<When, Tx, Emits>): Reaction<Tx> {
  const { flow, when, emits = [], undoneBy, undoes, replayable = false } = spec;
  const listed = new Set(emits.map((event) => event.name));
  const part: FlowPart = { name, flow, emits, undoneBy, undoes };
  return {
    name,
    event: when,
    part,
    ...(replayable ? { replayable: name } : {}),
    run(data, call, tx) {
      const emit: Outbox['emit'] = (event, value) => {
        if (!listed.has(event.name)) throw unlisted(name, event.name, [...listed]);
        tx.emit(event, value);
      };
      // It stays the same transaction to whoever looks into it, such as the store of aggregates: a copy would be another.
      const watched: Tx = Object.create(tx, { emit: { value: emit, enumerable: true } });
      return spec.run(data, call, watched, emit as unknown as EmitOf<Emits>);
    },
  };
}

function unlisted(reaction: string, event: string, listed: readonly string[]) {
  return serviceErrors.EVENT_UNLISTED(
    `the reaction "${reaction}" emits "${event}", but lists ${listed.join(', ') || 'nothing'} under \`emits\``,
    { details: { reaction, event } },
  );
}
