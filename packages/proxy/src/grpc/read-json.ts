import { serviceErrors } from '@dure/service/server';
import type { Exchange } from '../engine/exchange.ts';
import { gatewayErrors } from '../errors.ts';
import { grpcErrors } from '../grpc-errors.ts';
import { fieldValue } from '../http/field-lines.ts';

const json = /^application\/(?:[\w.+-]+\+)?json[ \t]*(?:;|$)/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a request's body as JSON. SERVICE_MEDIA_TYPE, GATEWAY_BODY_TOO_LARGE, GRPC_MESSAGE_INVALID. Does not come back when
 * the client leaves meanwhile.
 */
export async function readJson(exchange: Exchange): Promise<unknown> {
  if (!json.test(fieldValue(exchange.fields, 'content-type') ?? ''))
    throw serviceErrors.MEDIA_TYPE('the body is not `application/json`');
  if (fieldValue(exchange.fields, 'content-encoding') !== undefined)
    throw serviceErrors.MEDIA_TYPE('the body has a content coding; send it without one');
  if (exchange.expectsContinue) exchange.sendContinue();
  const bytes = await readBody(exchange);
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown;
  } catch {
    throw grpcErrors.MESSAGE_INVALID('the body is not well-formed JSON');
  }
}

function readBody(exchange: Exchange): Promise<Buffer> {
  const { body, maxBodyBytes } = exchange;
  const pieces: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    body.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > maxBodyBytes) {
        pieces.length = 0;
        reject(gatewayErrors.BODY_TOO_LARGE(`the body is larger than the ${maxBodyBytes} bytes that are taken`));
        return;
      }
      exchange.onBody?.(piece);
      pieces.push(piece);
    });
    body.on('end', () => resolve(Buffer.concat(pieces)));
  });
}
