import type { Clock, Timer } from '@dure/core';
import { openLogFile } from '@dure/telemetry';
import type { ExchangeView, ObserveExchange } from '../engine/exchange-view.ts';

export interface AccessLogOptions {
  /** Where the lines go. */
  readonly file: string;
  /** A file grows to this size, then it is moved aside. Default 64 MiB. */
  readonly maxBytes?: number;
  /** How many full files are kept beside the current one. Default 3. */
  readonly keep?: number;
}

/** The access log of a proxy. */
export interface AccessLog {
  readonly observe: ObserveExchange;
  /** Lines that were lost because the disk could not keep up. */
  readonly lost: number;
  /** Writes what there is, and closes the file. */
  close(): Promise<void>;
}

const writeEveryMs = 250;
const writeAtLength = 65_536;
/** What may wait for the disk, in characters; what comes beyond is counted, not kept. */
const mostWaiting = 8 * 2 ** 20;

/**
 * Opens an access log: one line of JSON for each request, written together every quarter of a second. It holds neither
 * queries nor header fields: both carry secrets.
 */
export async function openAccessLog(options: AccessLogOptions, clock: Clock): Promise<AccessLog> {
  const { file: path, maxBytes = 64 * 2 ** 20, keep = 3 } = options;
  const file = await openLogFile(path, { maxBytes, keep });
  let text = '';
  let waiting = 0;
  let lost = 0;
  let timer: Timer | undefined;
  const flush = () => {
    timer?.cancel();
    timer = undefined;
    if (text === '') return;
    const { length } = text;
    waiting += length;
    void file.write(text).then(() => {
      waiting -= length;
    });
    text = '';
  };
  return {
    observe(exchange, status, tookMs) {
      if (waiting > mostWaiting) {
        lost += 1;
        return;
      }
      text += lineOf(exchange, status, tookMs, clock.now());
      if (text.length >= writeAtLength) flush();
      else timer ??= clock.after(writeEveryMs, flush);
    },
    get lost() {
      return lost;
    },
    async close() {
      flush();
      await file.close();
    },
  };
}

/** Only what a client may have written is quoted; the rest cannot hold a quotation mark. */
function lineOf(exchange: ExchangeView, status: number, tookMs: number, now: number): string {
  const { traceId, method, target, host, address, identity, route } = exchange;
  const subject = identity.subject === '' ? '' : `,"subject":${JSON.stringify(identity.subject)}`;
  return `{"time":${now},"id":"${traceId}","client":"${address}"${subject},"method":${JSON.stringify(method)},"host":"${host}","path":"${target.path}","route":"${route}","status":${status},"ms":${tookMs.toFixed(1)}}\n`;
}
