import { request } from 'node:http';
import { systemClock, wait } from '@dure/core';

/** How slow exchanges ended. */
export interface SlowReport {
  /** Streams of events that ended whole, by their last chunk. */
  readonly ended: number;
  /** Uploads that were answered. */
  readonly answered: number;
  /** What was cut off without a word, or answered with an error. */
  readonly faults: readonly string[];
}

export interface SlowLoad extends Disposable {
  /** What has gone wrong so far. */
  readonly faults: readonly string[];
  /** Streams are closed by their clients, uploads end. */
  stop(): Promise<SlowReport>;
}

export interface SlowLoadOptions {
  readonly streams: string;
  readonly uploads: string;
  /** How many of each at once. */
  readonly each: number;
  /** How long an upload takes, in milliseconds. */
  readonly uploadMs: number;
}

/** So many clients, each with an address of its own: a gateway limits the connections of one. */
const clients = 16;
const pieces = 20;
const piece = 'x'.repeat(10_000);

/** Follows streams of events, each anew when it has ended, and uploads slowly, again and again. */
export function slowLoad({ streams, uploads, each, uploadMs }: SlowLoadOptions): SlowLoad {
  const faults: string[] = [];
  const counts = { ended: 0, answered: 0 };
  const over = new AbortController();
  const repeat = async (one: () => Promise<string | undefined>, what: 'ended' | 'answered') => {
    while (!over.signal.aborted) {
      const fault = await one();
      // One fault is one too many: whoever met it does not try again, and a broken system is not stormed.
      if (fault !== undefined) return void faults.push(`${what}: ${fault}`);
      if (what === 'answered' || !over.signal.aborted) counts[what] += 1;
    }
  };
  const turns = Array.from({ length: each }, (_, index) => {
    const localAddress = `127.0.1.${1 + (index % clients)}`;
    return [
      repeat(() => follow(streams, localAddress, over.signal), 'ended'),
      repeat(() => upload(uploads, localAddress, uploadMs), 'answered'),
    ];
  });
  return {
    faults,
    async stop() {
      over.abort();
      await Promise.all(turns.flat());
      return { ended: counts.ended, answered: counts.answered, faults };
    },
    [Symbol.dispose]: () => over.abort(),
  };
}

/** Resolves when the stream has ended whole, or its client has gone; with the fault otherwise. */
function follow(url: string, localAddress: string, gone: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve(gone.aborted ? undefined : error.message);
    const outgoing = request(url, { agent: false, localAddress, signal: gone }, (response) => {
      response.on('error', fail);
      response.on('end', () => resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`));
      response.resume();
    });
    outgoing.on('error', fail);
    outgoing.end();
  });
}

/** Resolves when the whole body has arrived there; with the fault otherwise. */
function upload(url: string, localAddress: string, uploadMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const outgoing = request(url, { method: 'POST', agent: false, localAddress, headers }, (response) => {
      let text = '';
      response.on('data', (bytes: Buffer) => {
        text += bytes.toString();
      });
      response.on('error', (error) => resolve(error.message));
      response.on('end', () => resolve(text === `{"length":${pieces * piece.length}}` ? undefined : text));
    });
    outgoing.on('error', (error) => resolve(error.message));
    const send = async () => {
      outgoing.write('{"text":"');
      for (let index = 0; index < pieces && !outgoing.destroyed; index += 1) {
        outgoing.write(piece);
        await wait(systemClock, uploadMs / pieces);
      }
      outgoing.end('"}');
    };
    void send();
  });
}
