import type { Call } from '@dure/core';
import { plainOperation } from '@dure/core';
import type { AskStore, AskWish } from '../ask-store.port.ts';
import { isExpired } from '../expired.ts';
import type { ReplyData } from '../message.ts';
import { causeOf } from '../message-buffer.ts';
import type { MemoryTx, MemoryUnits } from './memory-tx.ts';

interface Asked {
  readonly until: number;
  readonly key: string | undefined;
  readonly reply: ReplyData | undefined;
}

/** Asks in memory: the promises of the real ones. */
export function memoryAsks(
  units: MemoryUnits,
  now: () => number,
  isWithinUnit: (call: Call) => boolean,
): AskStore<MemoryTx> {
  const asked = new Map<string, Asked>();
  const rings = new Set<() => void>();
  const known = (key: string | undefined) =>
    key === undefined ? undefined : [...asked].find(([, one]) => one.key === key);
  const send = async (call: Call, { command, input, until }: AskWish, key: string | undefined) => {
    const [id, before] = known(key) ?? [];
    if (id !== undefined && before !== undefined && (before.reply === undefined || !isExpired(before.reply))) {
      asked.set(id, { ...before, until: Math.max(before.until, until) });
      return id;
    }
    const sending = call.with({ operation: plainOperation('', 'ask'), idempotencyKey: undefined });
    const work = async (
      _: MemoryTx,
      buffer: { send(command: AskWish['command'], data: unknown, deadline: number): string },
    ) => buffer.send(command, input, until);
    return units
      .run(sending, causeOf(sending), work, () => true)
      .then((sent) => {
        if (id !== undefined) asked.delete(id);
        asked.set(sent, { until, key, reply: undefined });
        return sent;
      });
  };
  return {
    isWithinUnit,
    send: (call, wish) => {
      const key = keyOf(call, wish);
      return key === undefined ? send(call, wish, key) : units.locked(`ask ${key}`, () => send(call, wish, key));
    },
    async replies(ids) {
      const found = ids.flatMap((id): [string, ReplyData][] => {
        const reply = asked.get(id)?.reply;
        return reply === undefined ? [] : [[id, reply]];
      });
      return new Map(found);
    },
    onReply(ring) {
      rings.add(ring);
      return () => void rings.delete(ring);
    },
    async settle({ meta, data }) {
      const id = meta.inReplyTo ?? '';
      const one = asked.get(id);
      if (one === undefined) return 'unasked';
      asked.set(id, { ...one, reply: data as ReplyData });
      if (one.until < now()) return 'late';
      for (const ring of rings) ring();
      return 'kept';
    },
  };
}

function keyOf({ idempotencyKey, operation, identity }: Call, { command, input }: AskWish): string | undefined {
  if (idempotencyKey === undefined) return undefined;
  return JSON.stringify([operation.name, identity.subject, idempotencyKey, command.service, command.name, input]);
}
