import type { BufferedMessage, StreamMark } from '@dure/messaging';
import { float8Array, int4Array, jsonbArray, textArray } from './binary-array.ts';
import type { Statement } from './statement.ts';

/** Appends messages to the log; its answer is the position of the last. DU001 when a stream is not where it is expected. */
export function flush(messages: readonly BufferedMessage[]): Statement {
  const heads = headsOf(messages).map(({ mark, count }) => {
    return { stream: mark.name, expected: `${mark.expected}`, count };
  });
  const values = [jsonOf(messages), heads.length === 0 ? null : JSON.stringify(heads)];
  return { text: 'select dure.flush($1::jsonb, $2::jsonb)', values, name: 'dure.flush' };
}

/** A unit of work of nothing but messages, of one stream at most. */
export interface UnitOfMessages {
  readonly messages: readonly BufferedMessage[];
  readonly head: Head | undefined;
}

/** Appends the messages of several units of work, of which no two are of the same stream. */
export function flushTogether(units: readonly UnitOfMessages[]): Statement {
  const forms: { readonly unit: number; readonly of: BufferedMessage }[] = [];
  const rows: { readonly form: number; readonly n: number; readonly message: BufferedMessage }[] = [];
  for (const [index, { messages }] of units.entries()) {
    let n = 0;
    let of: BufferedMessage | undefined;
    for (const message of messages) {
      if (of === undefined || !haveFormInCommon(of, message)) {
        of = message;
        forms.push({ unit: index + 1, of });
      }
      if (message.stream !== undefined) n += 1;
      rows.push({ form: forms.length, n: message.stream === undefined ? 0 : n, message });
    }
  }
  const values = [
    textArray(units.map(({ head }) => head?.mark.name)),
    textArray(units.map(({ head }) => head && `${head.mark.expected}`)),
    int4Array(units.map(({ head }) => head?.count ?? 0)),
    int4Array(forms.map(({ unit }) => unit)),
    textArray(forms.map(({ of }) => of.kind.charAt(0))),
    textArray(forms.map(({ of }) => of.type)),
    int4Array(forms.map(({ of }) => of.version)),
    textArray(forms.map(({ of }) => of.destination)),
    jsonbArray(forms.map(({ of }) => JSON.stringify(of.meta))),
    int4Array(rows.map(({ form }) => form)),
    int4Array(rows.map(({ n }) => n)),
    textArray(rows.map(({ message }) => message.id)),
    float8Array(rows.map(({ message }) => message.at)),
    textArray(rows.map(({ message }) => message.key)),
    jsonbArray(rows.map(({ message }) => message.json)),
  ];
  return { text: flushTogetherText, values, name: 'dure.flush_together' };
}

const flushTogetherText = `select * from dure.flush_together(${Array.from({ length: 15 }, (_, index) => `$${index + 1}`)})`;

/** Whether two messages of a unit differ only in what is each one's own. */
function haveFormInCommon(one: BufferedMessage, other: BufferedMessage): boolean {
  const { kind, type, version, destination, meta } = one;
  const isSame = kind === other.kind && type === other.type && version === other.version;
  return isSame && destination === other.destination && meta === other.meta;
}

/** Keeps the snapshots that come with the messages. */
export function snapshots(messages: readonly BufferedMessage[]): readonly Statement[] {
  const kept = messages.flatMap(({ stream }) =>
    stream?.snapshot === undefined ? [] : [snapshotOf(stream.name, stream.snapshot)],
  );
  if (kept.length === 0) return [];
  return [{ text: 'select dure.save_snapshots($1::jsonb)', values: [JSON.stringify(kept)], name: 'dure.snapshots' }];
}

/** A stream that messages belong to: what is expected of it by the first of them, and how many there are. */
export interface Head {
  readonly mark: StreamMark;
  readonly count: number;
}

/** Each stream of the messages once. */
export function headsOf(messages: readonly BufferedMessage[]): readonly Head[] {
  const heads = new Map<string, { mark: StreamMark; count: number }>();
  for (const { stream } of messages) {
    if (stream === undefined) continue;
    const head = heads.get(stream.name);
    if (head === undefined) heads.set(stream.name, { mark: stream, count: 1 });
    else head.count += 1;
  }
  return [...heads.values()];
}

function jsonOf(messages: readonly BufferedMessage[]): string {
  const counts = new Map<string, number>();
  const rows = messages.map((message) => {
    if (message.stream === undefined) return rowOf(message);
    const n = (counts.get(message.stream.name) ?? 0) + 1;
    counts.set(message.stream.name, n);
    return rowOf(message, n);
  });
  return `[${rows.join(',')}]`;
}

/** A message as `dure.flush` takes it; `n` says which one of its stream's it is, from 1. */
export function rowOf(message: BufferedMessage, n?: number): string {
  const { json, id, at, kind, type, version, key, destination, meta, stream } = message;
  const of = { id, at, kind: kind.charAt(0), type, version, key, dest: destination, meta, stream: stream?.name, n };
  return `${JSON.stringify(of).slice(0, -1)},"data":${json}}`;
}

function snapshotOf(stream: string, { version, codeVersion, state }: NonNullable<StreamMark['snapshot']>) {
  return { stream, version, code_version: codeVersion, state };
}
