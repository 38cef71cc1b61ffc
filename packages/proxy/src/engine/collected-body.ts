import { Readable } from 'node:stream';
import type { Exchange } from './exchange.ts';

/**
 * Reads a request's body for whoever must see all of it before it is sent on. Undefined when it is longer than `longest`
 * bytes; either way the exchange can be forwarded afterwards as if nobody had read. Never settles when the client has gone
 * or the rest of the request is not well-formed: the exchange is over then.
 */
export function collectBody(exchange: Exchange, longest: number): Promise<Buffer | undefined> {
  const { body } = exchange;
  const pieces: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const leave = () => {
    body.off('data', onData);
    body.off('end', onEnd);
    exchange.work = undefined;
  };
  const onData = (piece: Buffer) => {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes <= longest) return;
    leave();
    body.pause();
    body.unshift(Buffer.concat(pieces));
    resolve(undefined);
  };
  const onEnd = () => {
    leave();
    const collected = Buffer.concat(pieces);
    const again = Readable.from(bytes === 0 ? [] : [collected]);
    exchange.body = Object.assign(again, { rawTrailers: body.rawTrailers ?? [] });
    resolve(collected);
  };
  exchange.work = {
    expire: () => {}, // the listener bounds how long a request may take to arrive
    endStream: () => {},
    cancel() {
      leave();
      body.resume(); // what is left is read and forgotten, so that the connection stays usable
    },
  };
  if (exchange.expectsContinue) exchange.sendContinue();
  exchange.expectsContinue = false;
  body.on('data', onData);
  body.on('end', onEnd);
  return promise;
}
