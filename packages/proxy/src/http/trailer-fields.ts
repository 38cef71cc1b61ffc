import { fieldKinds } from './field-kinds.ts';
import { isEndToEnd } from './request-head.ts';

/** What frames, routes, authenticates or controls a message, or says how to read its body: in a trailer it comes too late. */
const controls =
  /^(?:host|authorization|cookie|set-cookie|www-authenticate|authentication-info|content-.+|accept.*|access-control-.+|sec-.+|if-.+|range|max-forwards|cache-control|pragma|expires|age|date|location|retry-after|vary|warning|origin|referer|idempotency-key|traceparent|strict-transport-security|alt-svc|clear-site-data|x-content-type-options|x-frame-options)$/;

const kindOf = fieldKinds((name) => isEndToEnd(name) && !controls.test(name));

/** The trailer fields, names and values in turn, that may be passed on (RFC 9110 §6.5.1); undefined when there are none. */
export function passedTrailers(raw: readonly string[] | undefined): string[] | undefined {
  let passed: string[] | undefined;
  for (let index = 0; raw !== undefined && index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!kindOf(name)) continue;
    passed ??= [];
    passed.push(name, raw[index + 1] ?? '');
  }
  return passed;
}

/** Trailer fields as they stand behind a chunked body. */
export function trailerLines(raw: readonly string[] | undefined): string {
  const passed = passedTrailers(raw) ?? [];
  let text = '';
  for (let index = 0; index < passed.length; index += 2) text += `${passed[index]}: ${passed[index + 1]}\r\n`;
  return text;
}
