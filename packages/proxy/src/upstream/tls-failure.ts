import { messageOf } from '@dure/core';

/** Why TLS with a service did not come about, in words for whoever runs the gateway. */
export function tlsFailure(cause: unknown): string {
  if (cause === undefined) return 'it hung up during the handshake';
  const code = codeOf(cause);
  const known = reasons.find(([pattern]) => pattern.test(code))?.[1];
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name: ${messageOf(cause)}`;
  const said = cause instanceof Error && 'reason' in cause ? String(cause.reason) : messageOf(cause);
  return known ?? `${said}${code === '' ? '' : ` (${code})`}`;
}

/** Whether an error says that the other side, or what it showed, was refused. */
export function isTlsFailure(cause: unknown): boolean {
  return /^(?:ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|CRL_|EE_)/.test(codeOf(cause));
}

/** Codes of OpenSSL and Node.js (`tls`, "X509 certificate error codes"). */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet'],
  [/^CERT_REVOKED$/, 'its certificate was revoked'],
  [/^DEPTH_ZERO_SELF_SIGNED_CERT$/, 'its certificate signs itself; if that is meant, name it as `caFile`'],
  [/^(?:SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_)/, 'its certificate is signed by an authority that is not trusted'],
  [/^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/, 'it does not speak TLS on this port'],
  [/ALERT_CERTIFICATE_REQUIRED$/, 'it asks for a client certificate; state `certFile` and `keyFile`'],
  [/ALERT_(?:UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED)$/, 'it refuses the client certificate'],
  [
    /ALERT_HANDSHAKE_FAILURE$/,
    'it refuses the handshake, as services do that miss a client certificate or a common cipher',
  ],
  [/(?:ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL)$/, 'it speaks no version of TLS that is allowed'],
];

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}
