import { grpcErrors } from '../grpc-errors.ts';
import { GrpcAnswer } from './grpc-answer.ts';

/** The one message of a call as JSON. Nothing is sent before the call has succeeded. */
export class UnaryAnswer extends GrpcAnswer {
  #fields: string[] = [];
  #messages = 0;
  #value: unknown;

  protected onHead(fields: string[]): void {
    this.#fields = fields;
  }

  protected onMessage(value: unknown): void {
    this.#messages += 1;
    if (this.#messages > 1) throw grpcErrors.ANSWER_INVALID('the service answered with more than one message');
    this.#value = value;
  }

  protected onPiece(): boolean {
    return true;
  }

  protected onSuccess(): void {
    if (this.#messages === 0) throw grpcErrors.ANSWER_INVALID('the service answered without a message');
    const { output, status = output === undefined ? 204 : 200 } = this.operation.spec;
    const fields = [...this.#fields, 'x-content-type-options', 'nosniff'];
    const body = output === undefined ? undefined : Buffer.from(JSON.stringify(this.#value));
    if (body !== undefined)
      fields.push('content-type', 'application/json; charset=utf-8', 'content-length', String(body.length));
    this.isBegun = true;
    this.next.begin(status, fields, body?.length ?? 0);
    this.next.end(this.exchange.method === 'HEAD' ? undefined : body);
  }
}
