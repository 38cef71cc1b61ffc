import type { SecureContextOptions, SecureVersion } from 'node:tls';
import { createSecureContext } from 'node:tls';
import type { Clock } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import { gatewayErrors } from '../errors.ts';
import { followFiles } from '../upstream/followed-files.ts';

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

/**
 * Reads a certificate and its key and looks at them from time to time. GATEWAY_PROTOCOL_INVALID when they cannot be read
 * or do not fit together; later that is a line in the log, and the pair before stays.
 */
async function tlsCertificate(
  options: TlsOptions,
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
): Promise<TlsCertificate> {
  const { certFile, keyFile } = options;
  let apply: (context: SecureContextOptions) => void = () => {};
  const followed = await followFiles({
    what: 'tls',
    files: { cert: certFile, key: keyFile },
    make: (pair) => contextOf(options, pair),
    clock,
    changed(outcome) {
      if ('error' in outcome) {
        telemetry.log.error('the new TLS certificate is refused, the one before stays', { error: outcome.error });
        return;
      }
      apply(outcome.made);
      telemetry.log.info('the TLS certificate was replaced', { certFile });
    },
  });
  return {
    get context() {
      return followed.current;
    },
    follow(changed) {
      apply = changed;
    },
    close: followed.close,
  };
}

interface Pair {
  readonly cert: string;
  readonly key: string;
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
