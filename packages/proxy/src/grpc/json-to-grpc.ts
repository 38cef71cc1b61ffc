import type { HttpOperation } from '@dure/service/contract';
import { serviceErrors } from '@dure/service/server';
import type { EdgeHandler } from '../engine/edge-layer.ts';
import type { Exchange } from '../engine/exchange.ts';
import { grpcForwarding } from '../engine/grpc-forwarding.ts';
import { EventsAnswer } from './events-answer.ts';
import { frame } from './frame-reader.ts';
import type { GrpcMethod } from './grpc-method.ts';
import { metadataFields } from './metadata.ts';
import { readJson } from './read-json.ts';
import { requestMessage } from './request-message.ts';
import { UnaryAnswer } from './unary-answer.ts';

/**
 * Carries an operation out by a method of gRPC: the request becomes its message, and what it answers JSON, or events of
 * it. Attempts, breakers and deadline are those of every call of gRPC.
 */
export function jsonToGrpc(operation: HttpOperation, method: GrpcMethod): EdgeHandler {
  const { spec, idempotent, timeoutMs, service, name } = operation;
  const isStream = spec.stream === true;
  const Answer = isStream ? EventsAnswer : UnaryAnswer;
  const send = (exchange: Exchange, body: unknown) => {
    const { variables, query } = exchange;
    exchange.content = frame(requestMessage(operation, method, { variables, query, body }));
    exchange.path = method.path;
    exchange.query = '';
    // A stream has its time until it begins, which the service cannot know.
    exchange.fields = metadataFields(exchange.fields, isStream ? undefined : timeoutMs);
    exchange.answer = new Answer({ exchange, operation, method });
    return grpcForwarding(exchange);
  };
  return (exchange) => {
    const { contentLength = 0, chunked, idempotencyKey } = exchange.head;
    if (idempotent === 'key' && idempotencyKey === undefined)
      throw serviceErrors.IDEMPOTENCY_KEY_MISSING(
        `${service}.${name} takes effect once per Idempotency-Key; the header is absent`,
      );
    if (spec.body === undefined || !(chunked || contentLength > 0)) return send(exchange, undefined);
    return readJson(exchange).then((body) => (exchange.isClosed ? undefined : send(exchange, body)));
  };
}
