import type { Ids } from '@dure/core';
import type { Effect } from '../delivery.ts';
import { messagingErrors } from '../errors.ts';
import type { Message } from '../message.ts';
import { causeOf } from '../message-buffer.ts';
import type { HeldMessage, Replay, ReplayStart, ReplayStore } from '../replay-store.port.ts';
import type { MemoryTx, MemoryUnits } from './memory-tx.ts';

/** What replays in memory know of the deliveries beside them. */
export interface ReplaySurroundings {
  readonly units: MemoryUnits;
  readonly values: ReadonlyMap<string, unknown>;
  readonly ids: Ids;
  start(source: string): Promise<ReplayStart>;
  isParked(id: string): boolean;
}

/** Replays in memory: the promises of the real ones, but that nobody waits for deliveries under way. */
export function memoryReplays({ units, values, ids, start, isParked }: ReplaySurroundings): ReplayStore<MemoryTx> {
  const replays = new Map<string, Replay>();
  // A value of its own for each, so that transactions beside each other do not overwrite what the other holds back.
  const heldOf = (id: string) =>
    [...values].flatMap(([key, one]) =>
      key.startsWith(`held ${id} `) && one !== undefined ? [one as HeldMessage] : [],
    );
  const placeOf = (id: string, one: number) => `held ${id} ${one}`;
  const shown = (replay: Replay): Replay => ({ ...replay, held: heldOf(replay.id).length });
  const set = (id: string, change: Partial<Replay>) => {
    const replay = replays.get(id);
    if (replay !== undefined) replays.set(id, { ...replay, ...change });
  };
  const isThere = ({ id, position }: Replay) => {
    const now = replays.get(id);
    return now?.state === 'running' && now.position === position;
  };
  const run = (replay: Replay, call: Parameters<MemoryUnits['run']>[0], work: Effect<MemoryTx>, commit: () => void) =>
    units.locked(`replay ${replay.id}`, async () => {
      if (!isThere(replay)) return 'elsewhere' as const;
      await units.run(call, causeOf(call), work, () => {
        commit();
        return true;
      });
      return 'applied' as const;
    });
  let number = 0;
  return {
    async begin({ who, ...wish }) {
      if ([...replays.values()].some(({ reaction, state }) => reaction === wish.reaction && state !== 'done'))
        throw messagingErrors.REPLAY_UNDERWAY(`the reaction "${wish.reaction}" is being replayed already`);
      const come = await start(wish.source);
      const upTo = Math.max(come.whole, ...Object.values(come.tracks), ...come.lanes.map(({ position }) => position));
      const [id, state] = [ids.uuid(), 'running' as const];
      const begun = { id, state, start: come, upTo, position: Math.min(wish.after, upTo), applied: 0, held: 0 };
      const replay = {
        ...wish,
        ...begun,
        error: undefined,
        finishedAt: undefined,
        actions: [{ what: 'begin' as const, ...who }],
      };
      replays.set(id, replay);
      return replay;
    },
    async reached(source) {
      const { whole, tracks, lanes } = await start(source);
      return Math.max(whole, ...Object.values(tracks), ...lanes.map(({ position }) => position));
    },
    open: async () => [...replays.values()].filter(({ state }) => state !== 'done').map(shown),
    list: async (limit) => [...replays.values()].toReversed().slice(0, limit).map(shown),
    async find(id) {
      const found = replays.get(id);
      return found && shown(found);
    },
    async apply(replay, message, call, effect) {
      const waits = isParked(message.id) || heldOf(replay.id).some((one) => one.message.id === message.id);
      const outcome = await run(replay, call, waits ? nothing : effect, () => {
        const applied = (replays.get(replay.id)?.applied ?? 0) + (waits ? 0 : 1);
        set(replay.id, { position: message.position, applied });
      });
      return outcome === 'applied' && waits ? 'waiting' : outcome;
    },
    async pass(replay, position) {
      if (!isThere(replay)) return false;
      set(replay.id, { position });
      return true;
    },
    held: async (id, limit) => heldOf(id).slice(0, limit),
    release: async (replay, held, call, effect) => {
      if (heldOf(replay.id)[0]?.number !== held.number) return 'elsewhere';
      const work: Effect<MemoryTx> = async (tx) => {
        tx.set(placeOf(replay.id, held.number), undefined);
        return effect(tx);
      };
      return run(replay, call, work, () => undefined);
    },
    async finish(id) {
      const replay = replays.get(id);
      if (replay?.state !== 'running' || replay.position < replay.upTo || heldOf(id).length > 0) return false;
      set(id, { state: 'done', finishedAt: 0 });
      return true;
    },
    async stop(replay, error) {
      if (isThere(replay)) set(replay.id, { state: 'stopped', error });
    },
    steer: (id, what, who) =>
      units.locked(`replay ${id}`, async () => {
        const replay = replays.get(id);
        if (replay === undefined || replay.state === 'done' || (what === 'skip' && replay.state !== 'stopped'))
          return false;
        const isOfPast = replay.position < replay.upTo;
        if (what === 'skip' && !isOfPast)
          (values as Map<string, unknown>).delete(placeOf(id, heldOf(id)[0]?.number ?? 0));
        const skipped = what === 'skip' && isOfPast ? { position: replay.error?.position ?? replay.position } : {};
        const [state, error] =
          what === 'pause' ? (['paused', replay.error] as const) : (['running', undefined] as const);
        const cancelled = what === 'cancel' ? { position: replay.upTo } : {};
        set(id, { state, error, ...skipped, ...cancelled, actions: [...replay.actions, { what, ...who }] });
        return true;
      }),
    async holdBack(reaction, message, tx) {
      const replay = [...replays.values()].find((one) => one.reaction === reaction && one.state !== 'done');
      if (replay === undefined || (replay.key !== undefined && replay.key !== message.key)) return false;
      number += 1;
      tx.set(placeOf(replay.id, number), { number, message: plain(message) });
      return true;
    },
  };
}

const nothing = async () => undefined;

function plain(message: Message): Message {
  return { ...message };
}
