import type { BufferedMessage, StreamMark } from '@dure/messaging';
import type { Statement } from './statement.ts';

/** Appends messages to the log; its answer is the position of the last. DU001 when a stream is not where it is expected. */
export function flush(messages: readonly BufferedMessage[]): Statement {
  const heads = headsOf(messages).map(({ mark, count }) => {
    return { stream: mark.name, expected: `${mark.expected}`, count };
  });
  const values = [jsonOf(messages), heads.length === 0 ? null : JSON.stringify(heads)];
  return { text: 'select dure.flush($1::jsonb, $2::jsonb)', values, name: 'dure.flush' };
}

/** Appends the messages of several units of work, of which none has more than one stream, and no stream is of two. */
export function flushTogether(units: readonly (readonly BufferedMessage[])[]): Statement {
  const heads = units.map((messages) => headsOf(messages)[0]);
  const values = [
    `[${units.map((messages, index) => rowsOf(messages, index + 1)).join(',')}]`,
    heads.map((head) => head?.mark.name ?? null),
    heads.map((head) => (head === undefined ? null : `${head.mark.expected}`)),
    heads.map((head) => head?.count ?? null),
  ];
  return { text: 'select * from dure.flush_together($1::jsonb, $2, $3, $4)', values, name: 'dure.flush_together' };
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
  return `[${rowsOf(messages)}]`;
}

function rowsOf(messages: readonly BufferedMessage[], unit?: number): string {
  const counts = new Map<string, number>();
  const rows = messages.map((message) => {
    if (message.stream === undefined) return rowOf(message, undefined, unit);
    const n = (counts.get(message.stream.name) ?? 0) + 1;
    counts.set(message.stream.name, n);
    return rowOf(message, n, unit);
  });
  return rows.join(',');
}

/** A message as `dure.flush` takes it; `n` says which one of its stream's it is, from 1, `u` of which unit of work it is. */
export function rowOf(message: BufferedMessage, n?: number, u?: number): string {
  const { json, id, at, kind, type, version, key, destination, meta, stream } = message;
  const of = { u, id, at, kind: kind.charAt(0), type, version, key, dest: destination, meta, stream: stream?.name, n };
  return `${JSON.stringify(of).slice(0, -1)},"data":${json}}`;
}

function snapshotOf(stream: string, { version, codeVersion, state }: NonNullable<StreamMark['snapshot']>) {
  return { stream, version, code_version: codeVersion, state };
}
