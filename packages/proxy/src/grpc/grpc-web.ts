import { Transform } from 'node:stream';
import type { Answer } from '../engine/answer.ts';
import { PassingAnswer } from '../engine/answer.ts';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { fieldValue, withField, withoutField } from '../http/field-lines.ts';

const webType = /^application\/grpc-web(?<text>-text)?(?<form>\+[a-z0-9.-]+)?\s*(?:;|$)/i;

/**
 * Lets pages call services that speak gRPC, which need neither HTTP/2 nor trailer fields of their browser (gRPC-Web, the
 * protocol of github.com/grpc/grpc, doc/PROTOCOL-WEB.md): what would be trailer fields is the last frame of the body, and with
 * `-text` all of it is base64. Other calls pass as they are.
 */
export const grpcWeb: EdgeLayer = (next) => (exchange) => {
  const match = webType.exec(fieldValue(exchange.fields, 'content-type') ?? '');
  if (match === null) return next(exchange);
  const { text, form = '+proto' } = match.groups ?? {};
  const others = withoutField(exchange.fields, 'content-type');
  exchange.fields = withField(others, 'content-type', `application/grpc${form}`);
  if (text !== undefined) exchange.body = exchange.body.pipe(fromBase64());
  exchange.answer = new GrpcWebAnswer(exchange.answer, { isText: text !== undefined, form });
  return next(exchange);
};

interface WebForm {
  readonly isText: boolean;
  /** How messages are written: `+proto`. */
  readonly form: string;
}

/** Ends with a frame of what gRPC says in trailer fields, also where it said so in the header fields already. */
class GrpcWebAnswer extends PassingAnswer {
  readonly #form: WebForm;
  #status: readonly string[] | undefined;

  constructor(next: Answer, form: WebForm) {
    super(next);
    this.#form = form;
  }

  override begin(status: number, fields: string[]): void {
    const { isText, form } = this.#form;
    const told: string[] = [];
    const kept = ['content-type', `application/grpc-web${isText ? '-text' : ''}${form}`];
    for (let index = 0; index < fields.length; index += 2) {
      const [name = '', value = ''] = fields.slice(index, index + 2);
      if (/^grpc-(?:status|message|status-details-bin)$/i.test(name)) told.push(name, value);
      else if (!/^content-(?:type|length)$/i.test(name)) kept.push(name, value);
    }
    if (told.length > 0) this.#status = told;
    super.begin(status, kept, undefined);
  }

  override write(piece: Buffer): boolean {
    return super.write(this.#written(piece));
  }

  override end(piece?: Buffer, trailers = this.#status): void {
    const pieces = [
      ...(piece === undefined ? [] : [piece]),
      ...(trailers === undefined ? [] : [trailerFrame(trailers)]),
    ];
    super.end(this.#written(Buffer.concat(pieces)));
  }

  /** Each piece may be padded by itself. */
  #written(piece: Buffer): Buffer {
    return this.#form.isText ? Buffer.from(piece.toString('base64'), 'latin1') : piece;
  }
}

/** The first bit says that it is no message. */
const trailerFlag = 0x80;

function trailerFrame(fields: readonly string[]): Buffer {
  const lines = fields.map((part, index) => (index % 2 === 0 ? `${part.toLowerCase()}: ` : `${part}\r\n`));
  const text = Buffer.from(lines.join(''), 'latin1');
  const head = Buffer.alloc(5);
  head.writeUInt8(trailerFlag);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, text]);
}

/** Reads base64 that comes in any pieces, and may be padded anywhere between groups of four. */
function fromBase64(): Transform {
  let left = '';
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      const text = left + piece.toString('latin1');
      const whole = text.length - (text.length % 4);
      left = text.slice(whole);
      const segments = text.slice(0, whole).match(/[^=]+=*/g) ?? [];
      done(null, Buffer.concat(segments.map((segment) => Buffer.from(segment, 'base64'))));
    },
  });
}
