import type { AnyContract } from '@dure/service/contract';
import type { CompressionOptions } from '../compression/compressed.ts';
import type { EngineOptions } from '../engine/proxy-engine.ts';
import type { TlsOptions } from '../engine/tls-certificate.ts';
import { gatewayErrors } from '../errors.ts';
import type { ForwardedBy } from '../http/trusted-proxies.ts';
import { trustedProxies } from '../http/trusted-proxies.ts';
import { isViaName } from '../http/via.ts';

/** How the gateway speaks with clients and with the proxies between them. */
export interface ProtocolOptions {
  /** The operations, all GET, that may become WebSockets; their services answer the handshake. Default: none. */
  readonly webSockets?: readonly AnyContract[];
  /** Compresses answers of operations and routes for clients that take it. Default: none. */
  readonly compression?: CompressionOptions;
  /** Passes on the `103 Early Hints` of services, which some old clients cannot read. Default false. */
  readonly earlyHints?: boolean;
  /** Networks of proxies that are believed where a request comes from: `10.0.0.0/8`, `::1`. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Which fields those proxies write; the others are never read. Default `x-forwarded`. */
  readonly forwardedBy?: ForwardedBy;
  /** What the gateway calls itself in `Via`, by which it knows a request that comes by again. Default `dure`. */
  readonly via?: string;
  /** Speaks TLS by itself, and by it also HTTP/2. Default: plain HTTP/1.1. */
  readonly tls?: TlsOptions;
  /** Clients speak TLS: cookies are `Secure`, services hear `https`. Default: whether there is `tls`. */
  readonly secure?: boolean;
}

/** Whether clients speak TLS, with the gateway or with what stands before it. */
export function isSecure({ secure, tls }: ProtocolOptions): boolean {
  return secure ?? tls !== undefined;
}

/** What of the options concerns the engine. GATEWAY_PROTOCOL_INVALID when one makes no sense. */
export function protocolSettings(
  options: ProtocolOptions,
): Pick<EngineOptions, 'earlyHints' | 'readOrigin' | 'secure' | 'via'> {
  const { earlyHints, trustedProxies: networks, forwardedBy = 'x-forwarded', via } = options;
  const secure = isSecure(options);
  if (via !== undefined && !isViaName(via))
    throw gatewayErrors.PROTOCOL_INVALID(`via is "${via}"; it must be a name of letters, digits, dots and hyphens`);
  const readOrigin = networks === undefined ? undefined : trustedProxies(networks, forwardedBy);
  if (readOrigin !== undefined && 'bad' in readOrigin) {
    throw gatewayErrors.PROTOCOL_INVALID(
      `trustedProxies names "${readOrigin.bad}", which is no network; write 10.0.0.0/8, fd00::/8 or one address`,
    );
  }
  return { earlyHints, readOrigin, secure, via };
}
