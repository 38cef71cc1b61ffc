import type { Transform } from 'node:stream';
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';
import type { Answer } from '../engine/answer.ts';
import { PassingAnswer } from '../engine/answer.ts';
import { answerField } from '../engine/answer-fields.ts';
import type { Coding } from './accepted-coding.ts';

export interface CompressedAnswerOptions {
  /** Undefined: the client takes none, and only hears that the answer would differ for others. */
  readonly coding: Coding | undefined;
  readonly isWorthwhile: (type: string) => boolean;
  readonly minBytes: number;
}

type Compressor = Transform & { flush(kind?: number): void };

/** The body that belongs to these is none, or a part of one. */
const neverStatuses: ReadonlySet<number> = new Set([204, 205, 206, 304]);
/** What no longer holds when the body is another one. */
const ofTheBody: ReadonlySet<string> = new Set(['content-length', 'content-md5', 'content-digest', 'accept-ranges']);

/** Compresses an answer on its way, if it is worthwhile. A stream is flushed with each piece, so that no event waits for the next. */
export class CompressedAnswer extends PassingAnswer {
  readonly #options: CompressedAnswerOptions;
  #compressor: Compressor | undefined;
  #isStream = false;
  #trailers: readonly string[] | undefined;

  constructor(next: Answer, options: CompressedAnswerOptions) {
    super(next);
    this.#options = options;
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    const { coding, isWorthwhile, minBytes } = this.#options;
    const isFit =
      !neverStatuses.has(status) &&
      (bodyBytes ?? Number.POSITIVE_INFINITY) >= minBytes &&
      answerField(fields, 'content-encoding') === undefined &&
      answerField(fields, 'content-range') === undefined &&
      !/\bno-transform\b/i.test(answerField(fields, 'cache-control') ?? '') &&
      isWorthwhile(answerField(fields, 'content-type') ?? '');
    if (!isFit) {
      this.next.begin(status, fields, bodyBytes);
      return;
    }
    const varied = withVary(fields);
    if (coding === undefined) {
      this.next.begin(status, varied, bodyBytes);
      return;
    }
    this.#compressor = this.#open(coding);
    this.next.begin(status, [...encoded(varied), 'content-encoding', coding], undefined);
  }

  override flush(): void {
    this.#isStream = true;
    this.next.flush();
  }

  override write(piece: Buffer): boolean {
    const compressor = this.#compressor;
    if (compressor === undefined) return this.next.write(piece);
    const taken = compressor.write(Buffer.from(piece));
    if (this.#isStream) compressor.flush();
    return taken;
  }

  override whenDrained(go: () => void): void {
    if (this.#compressor === undefined) this.next.whenDrained(go);
    else this.#compressor.once('drain', go);
  }

  override end(piece?: Buffer, trailers?: readonly string[]): void {
    const compressor = this.#compressor;
    if (compressor === undefined) {
      this.next.end(piece, trailers);
      return;
    }
    this.#trailers = trailers;
    if (piece === undefined) compressor.end();
    else compressor.end(Buffer.from(piece));
  }

  override abort(): void {
    this.#compressor?.destroy();
    this.next.abort();
  }

  #open(coding: Coding): Compressor {
    const compressor = openCompressor(coding);
    compressor.on('data', (piece: Buffer) => {
      if (this.next.write(piece)) return;
      compressor.pause();
      this.next.whenDrained(() => compressor.resume());
    });
    compressor.on('end', () => this.next.end(undefined, this.#trailers));
    compressor.on('error', () => this.next.abort());
    return compressor;
  }
}

/** Fast settings: an answer is compressed once for each request. */
function openCompressor(coding: Coding): Compressor {
  switch (coding) {
    case 'br':
      return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
    case 'gzip':
      return createGzip({ level: 6 });
    case 'zstd':
      return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
    default:
      return coding satisfies never;
  }
}

/** The fields of a compressed body: a strong validator of the plain one is a weak one of both (RFC 9110 §8.8.1). */
function encoded(fields: readonly string[]): string[] {
  const changed: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    const lower = name.toLowerCase();
    if (!ofTheBody.has(lower)) changed.push(name, lower === 'etag' && value.startsWith('"') ? `W/${value}` : value);
  }
  return changed;
}

function withVary(fields: string[]): string[] {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'vary');
  if (at < 0) fields.push('vary', 'accept-encoding');
  else if (!/(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(fields[at + 1] ?? ''))
    fields[at + 1] = `${fields[at + 1]}, accept-encoding`;
  return fields;
}
