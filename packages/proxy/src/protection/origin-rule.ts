import { refuseSetting } from './protection-setting.ts';

/** Which origins are let in, made ready. */
export interface OriginRule {
  /** All of them, `null` too, by `*`: the answer is the same for everybody. */
  readonly isAny: boolean;
  allows(origin: string): boolean;
}

/** A serialised origin (RFC 6454 §6.2): a scheme, a host and a port that is not the scheme's own. `null` is none. */
const originText = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** Ports at the end of a pattern, after Spring's `OriginPattern`: `:[8080,8081]`, `:[*]`. */
const portList = /:\[(\*|\d{1,5}(?:,\d{1,5})*)\]$/;

/**
 * Compiles origins and patterns. A pattern's `*` stands for any part of a host, dots included, but for nothing else:
 * `https://*.example.com` lets in no other scheme and no port. GATEWAY_PROTECTION_INVALID when one cannot be an origin.
 */
export function originRule(origins: readonly string[], patterns: readonly string[]): OriginRule {
  const isAny = origins.includes('*') || patterns.includes('*');
  const exact = new Set(origins.filter((origin) => origin !== '*').map(plainOrigin));
  const compiled = patterns.filter((pattern) => pattern !== '*').map(compilePattern);
  return {
    isAny,
    allows: (origin) =>
      isAny || (originText.test(origin) && (exact.has(origin) || compiled.some((pattern) => pattern.test(origin)))),
  };
}

function plainOrigin(origin: string): string {
  const plain = origin.toLowerCase().replace(/\/$/, '');
  const isPlain = originText.test(plain) && (!/^https?:/.test(plain) || new URL(plain).origin === plain);
  if (!isPlain) throw refuseSetting('cors', 'allowedOrigins', origin, 'an origin such as `https://shop.example.com`');
  return plain;
}

function compilePattern(pattern: string): RegExp {
  const ports = portList.exec(pattern)?.[1];
  const base = pattern.replace(portList, '').toLowerCase().replace(/\/$/, '');
  const stars = base.split('*');
  if (stars.length < 2 && ports === undefined) {
    plainOrigin(base);
  } else if (!originText.test(stars.join('x')) || !/^[a-z][a-z0-9+.-]*:\/\//.test(stars[0] ?? '')) {
    throw refuseSetting(
      'cors',
      'allowedOriginPatterns',
      pattern,
      'a pattern such as `https://*.example.com:[8080,8081]`',
    );
  }
  const host = stars.map((part) => part.replace(/[.+[\]]/g, '\\$&')).join('[a-z0-9._-]*');
  const port = ports === undefined ? '' : ports === '*' ? '(?::\\d{1,5})?' : `:(?:${ports.replaceAll(',', '|')})`;
  return new RegExp(`^${host}${port}$`);
}
