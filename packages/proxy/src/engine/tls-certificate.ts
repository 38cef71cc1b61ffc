import { readFile } from 'node:fs/promises';
import type { SecureContextOptions, SecureVersion } from 'node:tls';
import { createSecureContext } from 'node:tls';
import type { Clock, Timer } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import { gatewayErrors } from '../errors.ts';

/** How a proxy's own port speaks TLS. */
export interface TlsOptions {
  /** The certificate with its chain, PEM. It and the key may be replaced at any time; connections stay. */
  readonly certFile: string;
  /** The private key, PEM. */
  readonly keyFile: string;
  /** Default `TLSv1.2`. */
  readonly minVersion?: Extract<SecureVersion, 'TLSv1.2' | 'TLSv1.3'>;
  /** Offers HTTP/2 next to HTTP/1.1. Default true. */
  readonly http2?: boolean;
}

/** A certificate and its key as they are at the moment. */
export interface TlsCertificate {
  readonly context: SecureContextOptions;
  /** Hears of every new pair. */
  follow(apply: (context: SecureContextOptions) => void): void;
  /** Stops looking at the files. */
  close(): void;
}

/** TLS on a proxy's port. */
export interface ListenerTls {
  readonly certificate: TlsCertificate;
  readonly http2: boolean;
}

/** Opens what a port needs for TLS, if it is to speak it. GATEWAY_PROTOCOL_INVALID as `tlsCertificate`. */
export async function listenerTls(
  options: TlsOptions | undefined,
  tools: { readonly clock: Clock; readonly telemetry: Telemetry },
): Promise<ListenerTls | undefined> {
  if (options === undefined) return undefined;
  return { certificate: await tlsCertificate(options, tools), http2: options.http2 ?? true };
}

/** How often the files are looked at. By content: Kubernetes exchanges a link, which no watcher of a file sees. */
const everyMs = 5_000;

/**
 * Reads a certificate and its key and looks at them from time to time. GATEWAY_PROTOCOL_INVALID when they cannot be read
 * or do not fit together; later that is a line in the log, and the pair before stays.
 */
async function tlsCertificate(
  options: TlsOptions,
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
): Promise<TlsCertificate> {
  let seen = await readPair(options);
  let context = contextOf(options, seen);
  let apply: (context: SecureContextOptions) => void = () => {};
  let timer: Timer | undefined;
  let isClosed = false;
  const look = async () => {
    try {
      const pair = await readPair(options);
      if (pair.cert === seen.cert && pair.key === seen.key) return;
      seen = pair;
      context = contextOf(options, pair);
      apply(context);
      telemetry.log.info('the TLS certificate was replaced', { certFile: options.certFile });
    } catch (error) {
      telemetry.log.error('the new TLS certificate is refused, the one before stays', { error });
    }
  };
  const arm = () => {
    if (isClosed) return;
    timer = clock.after(everyMs, () => void look().then(arm));
  };
  arm();
  return {
    get context() {
      return context;
    },
    follow(changed) {
      apply = changed;
    },
    close() {
      isClosed = true;
      timer?.cancel();
    },
  };
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

async function readPair({ certFile, keyFile }: TlsOptions): Promise<Pair> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return { cert, key };
  } catch (cause) {
    throw gatewayErrors.PROTOCOL_INVALID(`tls: a file cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function contextOf({ minVersion = 'TLSv1.2', certFile, keyFile }: TlsOptions, pair: Pair): SecureContextOptions {
  const context = { ...pair, minVersion };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw gatewayErrors.PROTOCOL_INVALID(`tls: ${certFile} and ${keyFile} are no pair: ${messageOf(cause)}`, { cause });
  }
  return context;
}
