import { WithFields } from '../engine/answer.ts';
import { gatewayErrors } from '../errors.ts';
import type { NamedLayer } from '../routing/route-rule.ts';
import { fieldName, filterText, wholeNumber } from './filter-setting.ts';
import { requestFilter } from './request-headers.ts';

/**
 * Bounds the bodies of a route, also above what the gateway takes elsewhere: GATEWAY_BODY_TOO_LARGE, with `errorMessage` as
 * Spring's filter sets it when the stated length is larger. Unlike there, a body of no stated length is bounded, too.
 */
export function requestSize(maxSizeBytes = 5_000_000): NamedLayer<never> {
  const filter = 'RequestSize';
  wholeNumber(filter, 'maxSize', maxSizeBytes, 0);
  return requestFilter(filter, filterText(filter, { max: maxSizeBytes }), (exchange) => {
    const { contentLength = 0 } = exchange.head;
    exchange.maxBodyBytes = maxSizeBytes;
    if (contentLength <= maxSizeBytes) return;
    const message = `Request size is larger than permissible limit. Request size is ${contentLength} B where permissible limit is ${maxSizeBytes} B`;
    exchange.answer = new WithFields(exchange.answer, ['errorMessage', message]);
    throw gatewayErrors.BODY_TOO_LARGE(
      `the body of ${contentLength} bytes is larger than the ${maxSizeBytes} that are taken`,
    );
  });
}

/** Refuses a request with a header field, name and value, that is larger: GATEWAY_HEADERS_TOO_LARGE, and the message as a field. */
export function requestHeaderSize(maxSizeBytes = 16_000, errorHeaderName = 'errorMessage'): NamedLayer<never> {
  const filter = 'RequestHeaderSize';
  wholeNumber(filter, 'maxSize', maxSizeBytes, 1);
  const name = fieldName(filter, errorHeaderName);
  return requestFilter(filter, filterText(filter, { max: maxSizeBytes, errorHeaderName }), (exchange) => {
    const { authorization = '', cookie = '', fields } = exchange.head;
    const lines = [...fields.split('\r\n'), `authorization: ${authorization}`, `cookie: ${cookie}`];
    const large = lines.find((line) => line.length - 2 > maxSizeBytes);
    if (large === undefined) return;
    const field = large.slice(0, large.indexOf(':'));
    const message = `Request Header/s size is larger than permissible limit (${maxSizeBytes} B): ${field}`;
    exchange.answer = new WithFields(exchange.answer, [name, message]);
    throw gatewayErrors.HEADERS_TOO_LARGE(
      `the header field "${field}" is larger than the ${maxSizeBytes} bytes that are taken`,
    );
  });
}
