import type { Timer } from '@dure/core';
import { GrpcAnswer } from './grpc-answer.ts';

/** How often a comment keeps an idle stream open through proxies. */
const heartbeatMs = 15_000;

/** The messages of a call as server-sent events, as services of ours send a stream. */
export class EventsAnswer extends GrpcAnswer {
  #events = '';
  #heartbeat: Timer | undefined;

  protected onHead(fields: string[]): void {
    fields.push('content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-store');
    fields.push('x-accel-buffering', 'no', 'x-content-type-options', 'nosniff');
    this.isBegun = true;
    this.next.begin(200, fields, undefined);
    if (this.exchange.method === 'HEAD') {
      this.exchange.leaveWork();
      this.next.end();
      return;
    }
    this.next.flush();
    this.#beat();
  }

  protected onMessage(value: unknown): void {
    this.#events += `data: ${JSON.stringify(value)}\n\n`;
  }

  protected onPiece(): boolean {
    if (this.#events === '') return true;
    const events = Buffer.from(this.#events);
    this.#events = '';
    return this.next.write(events);
  }

  protected onSuccess(): void {
    this.#heartbeat?.cancel();
    this.next.end();
  }

  override end(piece?: Buffer, trailers?: readonly string[]): void {
    if (this.exchange.isEndedEarly) this.onSuccess();
    else super.end(piece, trailers);
  }

  override abort(): void {
    this.#heartbeat?.cancel();
    super.abort();
  }

  #beat(): void {
    const { exchange } = this;
    this.#heartbeat = exchange.engine.clock.after(heartbeatMs, () => {
      if (exchange.isClosed) return;
      this.next.write(Buffer.from(':\n\n'));
      this.#beat();
    });
  }
}
