import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { SecureContext, SecureVersion } from 'node:tls';
import { createSecureContext } from 'node:tls';
import type { Instance } from '@dure/balancer';
import type { Clock } from '@dure/core';
import { messageOf } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import { gatewayErrors } from '../errors.ts';
import type { FollowedFiles } from './followed-files.ts';
import { followFiles } from './followed-files.ts';

/**
 * How a service that speaks TLS is trusted. Certificates are always verified; one that signs itself is its own authority.
 * Files may be replaced at any time; connections stay.
 */
export interface UpstreamTlsOptions {
  /** The authorities that may sign its certificate, PEM, in place of those that Node.js knows. */
  readonly caFile?: string;
  /** The name that its certificate must be for and that it is asked for (SNI). Default: the host. */
  readonly serverName?: string;
  /** The certificate, with its chain, that the gateway shows to a service that asks for one; PEM. */
  readonly certFile?: string;
  /** The key of that certificate; PEM. */
  readonly keyFile?: string;
  /** Default `TLSv1.2`. */
  readonly minVersion?: Extract<SecureVersion, 'TLSv1.2' | 'TLSv1.3'>;
}

/** By the name of a service or, for routes to URLs, the origin (`https://partner.example:8443`); `*` is for all others. */
export type UpstreamTlsByService = Readonly<Record<string, UpstreamTlsOptions>>;

/** What a connection by TLS begins with. */
export interface TlsClientSettings {
  readonly servername: string;
  readonly secureContext: SecureContext;
}

/** How the instances that speak TLS are trusted. */
export interface UpstreamTls {
  /** Undefined for an instance that speaks no TLS. */
  settingsFor(instance: Instance): TlsClientSettings | undefined;
  /** Stops looking at files. */
  close(): void;
}

interface Trust {
  readonly serverName: string | undefined;
  readonly files: FollowedFiles<SecureContext>;
}

/** Reads the files of all. GATEWAY_PROTOCOL_INVALID when one cannot be read or used. */
export async function openUpstreamTls(
  byService: UpstreamTlsByService,
  tools: { readonly clock: Clock; readonly telemetry: Telemetry },
): Promise<UpstreamTls> {
  const trusts = new Map<string, Trust>();
  const close = () => {
    for (const { files } of trusts.values()) files.close();
  };
  try {
    for (const [name, options] of Object.entries(byService)) trusts.set(name, await openTrust(name, options, tools));
  } catch (error) {
    close();
    throw error;
  }
  return { settingsFor: (instance) => settingsFor(instance, trusts), close };
}

/** Trusts whom Node.js trusts. */
export const usualTls: UpstreamTls = { settingsFor: (instance) => settingsFor(instance, new Map()), close: () => {} };

let usualContext: SecureContext | undefined;

function settingsFor(
  { service, host, secure }: Instance,
  trusts: ReadonlyMap<string, Trust>,
): TlsClientSettings | undefined {
  if (secure !== true) return undefined;
  const name = service.startsWith('https://') ? new URL(service).origin : service;
  const trust = trusts.get(name) ?? trusts.get('*');
  usualContext ??= createSecureContext({ minVersion: 'TLSv1.2' });
  return {
    servername: trust?.serverName ?? (isIP(host) === 0 ? host : ''), // RFC 6066 §3: no addresses
    secureContext: trust?.files.current ?? usualContext,
  };
}

async function openTrust(
  name: string,
  options: UpstreamTlsOptions,
  { clock, telemetry }: { readonly clock: Clock; readonly telemetry: Telemetry },
): Promise<Trust> {
  const { caFile, serverName, certFile, keyFile, minVersion = 'TLSv1.2' } = options;
  const what = `upstreamTls "${name}"`;
  if ((certFile === undefined) !== (keyFile === undefined))
    throw gatewayErrors.PROTOCOL_INVALID(`${what}: \`certFile\` and \`keyFile\` go together; one of them is missing`);
  const given = Object.entries({ ca: caFile, cert: certFile, key: keyFile }).filter(([, file]) => file !== undefined);
  const files = await followFiles<string, SecureContext>({
    what,
    files: Object.fromEntries(given) as Readonly<Record<string, string>>,
    make(contents) {
      try {
        if (contents.ca !== undefined) new X509Certificate(contents.ca); // else a file without any is taken as trust in nobody
        return createSecureContext({ ...contents, minVersion });
      } catch (cause) {
        const named = given.map(([, file]) => file).join(', ');
        throw gatewayErrors.PROTOCOL_INVALID(`${what}: ${named} cannot be used: ${messageOf(cause)}`, { cause });
      }
    },
    clock,
    changed(outcome) {
      if ('error' in outcome)
        telemetry.log.error(`${what}: the new files are refused, those before stay`, { error: outcome.error });
      else telemetry.log.info(`${what}: the files were replaced`);
    },
  });
  return { serverName, files };
}
