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
  /**
   * The authorities that sign the certificates of clients, PEM; followed like the others. Then a client without such a
   * certificate gets no connection. Default: no client is asked for one.
   */
  readonly clientCaFile?: string;
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
  /** Clients have to show a certificate. */
  readonly asksClients: boolean;
}

/** Opens what a port needs for TLS, if it is to speak it. GATEWAY_PROTOCOL_INVALID as `tlsCertificate`. */
export async function listenerTls(
  options: TlsOptions | undefined,
  tools: { readonly clock: Clock; readonly telemetry: Telemetry },
): Promise<ListenerTls | undefined> {
  if (options === undefined) return undefined;
  const { http2 = true, clientCaFile } = options;
  return { certificate: await tlsCertificate(options, tools), http2, asksClients: clientCaFile !== undefined };
}

/**
 * Reads a certificate and its key and looks at them from time to time. GATEWAY_PROTOCOL_INVALID when they cannot be read
 * or do not fit together; later that is a line in the log, and the pair before stays.
 */
async function tlsCertificate(
  options: TlsOptions,
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
): Promise<TlsCertificate> {
  const { certFile, keyFile, clientCaFile } = options;
  const client: Readonly<Record<string, string>> = clientCaFile === undefined ? {} : { ca: clientCaFile };
  let apply: (context: SecureContextOptions) => void = () => {};
  const followed = await followFiles({
    what: 'tls',
    files: { cert: certFile, key: keyFile, ...client },
    make: (contents) => contextOf(options, contents),
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

/** The contents of the files, by what they are in a context: `cert`, `key`, `ca`. */
type Contents = Readonly<Record<string, string>>;

function contextOf(options: TlsOptions, contents: Contents): SecureContextOptions {
  const { minVersion = 'TLSv1.2', certFile, keyFile, clientCaFile } = options;
  if (contents.ca?.includes('-----BEGIN CERTIFICATE-----') === false)
    throw gatewayErrors.PROTOCOL_INVALID(`tls: ${clientCaFile} holds no certificate of an authority; write it as PEM`);
  const context = { ...contents, minVersion };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw gatewayErrors.PROTOCOL_INVALID(`tls: ${certFile} and ${keyFile} are no pair: ${messageOf(cause)}`, { cause });
  }
  return context;
}
