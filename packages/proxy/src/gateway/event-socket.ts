import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { PassingAnswer, WithFields } from '../engine/answer.ts';
import { isStreamAnswer } from '../engine/answer-fields.ts';
import { ControlFrames, closeCodes, serverFrame } from '../engine/control-frames.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { EventStreamReader } from '../engine/event-stream-reader.ts';
import type { Exchange } from '../engine/exchange.ts';
import type { Upgradable } from '../engine/exchange-source.ts';
import { closeFrame, goingAway } from '../engine/web-socket-frames.ts';
import { gatewayErrors } from '../errors.ts';
import { fieldValue, fieldValues, withoutField } from '../http/field-lines.ts';
import { demandSameOrigin } from './session.ts';

/** An event may have so many bytes. */
const longestEvent = 2 ** 20;
/** Concerns the client's handshake, or would keep the events from being read. */
const notForwarded = ['key', 'version', 'protocol', 'extensions'].map((name) => `sec-websocket-${name}`);

/**
 * Offers an operation's stream of events as a WebSocket as well, to clients that ask for one: each event is a text message,
 * and the code of the end tells what became of the stream: 1000 it is complete, 1001 the gateway goes away, 1011 it broke
 * off. The service knows of none of this. A client may send control frames only (else 1003). Browsers do not hold CORS
 * against WebSockets, so pages of other origins are refused here, unless `cors` stands before it and decides. Stands
 * innermost: what was refused before is an ordinary answer.
 */
export function eventSocket({ checksOrigin }: { readonly checksOrigin: boolean }): EdgeLayer {
  return (next) => (exchange) => {
    const { upgrade, destination } = exchange;
    if (upgrade === undefined) return next(exchange);
    if (checksOrigin) demandSameOrigin(exchange.head);
    const accept = acceptOf(exchange);
    for (const name of [...notForwarded, 'accept-encoding']) exchange.fields = withoutField(exchange.fields, name);
    const { upgrade: _, ...plain } = destination;
    exchange.destination = plain;
    exchange.answer = new EventSocket(exchange, upgrade, accept);
    return next(exchange);
  };
}

/** What answers the client's key (RFC 6455 §4.2). GATEWAY_MALFORMED, 426 for another version of the protocol. */
function acceptOf(exchange: Exchange): string {
  const { fields } = exchange;
  if (fieldValue(fields, 'sec-websocket-version') !== '13') {
    exchange.answer = new WithFields(exchange.answer, ['sec-websocket-version', '13']);
    throw gatewayErrors.MALFORMED('the version of WebSocket is 13', { details: { answerStatus: 426 } });
  }
  const keys = fieldValues(fields, 'sec-websocket-key');
  const [key = ''] = keys;
  if (keys.length !== 1 || !/^[A-Za-z0-9+/]{22}==$/.test(key))
    throw gatewayErrors.MALFORMED('the key of the WebSocket is not 16 bytes in base64');
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** An answer that becomes a WebSocket when it turns out to be a stream of events. */
class EventSocket extends PassingAnswer {
  readonly #exchange: Exchange;
  readonly #upgrade: Upgradable;
  readonly #accept: string;
  readonly #events: EventStreamReader;
  #socket: Duplex | undefined;
  #isLeaving = false;

  constructor(exchange: Exchange, upgrade: Upgradable, accept: string) {
    super(exchange.answer);
    this.#exchange = exchange;
    this.#upgrade = upgrade;
    this.#accept = accept;
    this.#events = new EventStreamReader(
      { onEvent: (data) => this.#send('text', data), onComment: () => this.#send('ping', Buffer.alloc(0)) },
      longestEvent,
    );
  }

  override begin(status: number, fields: string[], bodyBytes: number | undefined): void {
    if (status !== 200 || !isStreamAnswer(fields)) {
      super.begin(status, fields, bodyBytes);
      return;
    }
    const socket = this.#upgrade.switchProtocols([
      ...['connection', 'upgrade', 'upgrade', 'websocket', 'sec-websocket-accept', this.#accept],
    ]);
    this.#socket = socket;
    const frames = new ControlFrames({
      onPing: (payload) => this.#send('pong', payload),
      onClose: (payload) => this.#leave(serverFrame('close', payload.subarray(0, 2))),
      onRefused: (code) => this.#leave(closeFrame(code)),
    });
    const read = (piece: Buffer) => {
      frames.push(piece);
      // Whoever asks for answers without reading them is not read either.
      if (!socket.writableNeedDrain || this.#isLeaving) return;
      socket.pause();
      socket.once('drain', () => socket.resume());
    };
    socket.on('data', read);
    socket.on('end', () => {
      if (!this.#isLeaving) socket.destroy();
    });
    if (this.#upgrade.early.length > 0) read(this.#upgrade.early);
  }

  override flush(): void {
    if (this.#socket === undefined) super.flush();
  }

  override write(piece: Buffer): boolean {
    const socket = this.#socket;
    if (socket === undefined) return super.write(piece);
    if (!this.#isLeaving && !this.#events.push(piece)) this.#leave(closeFrame(closeCodes.failed));
    const isTaken = this.#isLeaving || !socket.writableNeedDrain;
    if (!isTaken) this.#exchange.expectProgress();
    return isTaken;
  }

  override whenDrained(go: () => void): void {
    if (this.#socket === undefined) {
      super.whenDrained(go);
      return;
    }
    this.#socket.once('drain', () => {
      if (!this.#isLeaving) this.#exchange.dueAt = Number.POSITIVE_INFINITY;
      go();
    });
  }

  override end(piece?: Buffer, trailers?: readonly string[]): void {
    if (this.#socket === undefined) {
      super.end(piece, trailers);
      return;
    }
    if (piece !== undefined) this.write(piece);
    this.#leave(closeFrame(this.#exchange.isEndedEarly ? goingAway : closeCodes.normal));
  }

  override abort(): void {
    if (this.#socket === undefined) super.abort();
    else this.#leave(closeFrame(closeCodes.failed));
  }

  #send(kind: 'text' | 'ping' | 'pong', payload: Buffer): void {
    if (!this.#isLeaving) this.#socket?.write(serverFrame(kind, payload));
  }

  /** The last that is sent. The client's own close is awaited for as long as anything may stand still. */
  #leave(close: Buffer): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    const { work } = this.#exchange;
    this.#exchange.work = undefined;
    work?.cancel();
    this.#exchange.expectProgress();
    this.#socket?.end(close);
    this.#socket?.resume();
  }
}
