import { write, writeSync } from 'node:fs';
import { scheduler } from 'node:timers/promises';
import type { LineSink } from './line-sink.ts';

const maxBufferedBytes = 8 * 1_048_576;
const retryMs = 5;
/** Time for the thread that writes to begin: whoever exits before ends it, and what it was given is lost. */
const graceMs = 100;

/**
 * Writes lines to a file descriptor (1: stdout) in batches, outside the event loop's thread: a reader that stalls
 * stalls nobody here. What is still buffered when the process exits is written then. If more than 8 MiB wait, lines
 * are left out and their number is written in their place. Make one a process.
 */
export function stdoutSink(fd = 1): LineSink {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let leftOut = 0;
  let broken = false;
  let draining = false;
  let inFlight: Buffer = Buffer.alloc(0);
  let handedOver = false;
  let written: Promise<void> = Promise.resolve();

  const take = (): Buffer => {
    if (leftOut > 0) waiting.push(`{"level":40,"msg":"${leftOut} log lines were left out: the reader is too slow"}\n`);
    const batch = Buffer.from(waiting.join(''));
    [waiting, waitingBytes, leftOut] = [[], 0, 0];
    return batch;
  };
  const drain = async (): Promise<void> => {
    await scheduler.yield();
    while (waiting.length > 0 && !broken) {
      inFlight = take();
      while (inFlight.length > 0 && !broken) {
        handedOver = true;
        const count = await writeOnce(fd, inFlight);
        handedOver = false;
        if (count < 0) broken = true;
        else if (count === 0) await scheduler.wait(retryMs);
        else inFlight = inFlight.subarray(count);
      }
    }
    draining = false;
  };
  process.once('exit', () => {
    if (broken) return;
    if (handedOver) pauseSync(graceMs);
    else if (inFlight.length > 0) writeAllSync(fd, inFlight);
    if (waiting.length > 0) writeAllSync(fd, take());
  });
  return {
    write(line) {
      if (broken) return;
      if (waitingBytes > maxBufferedBytes) {
        leftOut += 1;
        return;
      }
      waiting.push(`${line}\n`);
      waitingBytes += line.length + 1;
      if (draining) return;
      draining = true;
      written = drain();
    },
    flush: () => written,
  };
}

/** The number of bytes written; 0 to try again, −1 when nobody will ever read. */
function writeOnce(fd: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve) => {
    write(fd, bytes, (error, count) => resolve(error === null ? count : error.code === 'EAGAIN' ? 0 : -1));
  });
}

function writeAllSync(fd: number, bytes: Buffer): void {
  let rest = bytes;
  for (let tries = 0; rest.length > 0 && tries < 200; tries += 1) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      pauseSync(retryMs);
    }
  }
}

function pauseSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
