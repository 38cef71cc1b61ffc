import { plainAddress } from '../http/forwarding-fields.ts';
import type { ArrivedRequest } from './arrived-request.ts';
import { ClientAnswer } from './client-answer.ts';
import type { ExchangeSource } from './exchange-source.ts';
import { Http2Answer } from './http2-answer.ts';
import { UpgradableAnswer } from './upgradable-answer.ts';

/** A request that came over a connection. */
export function clientSource(arrived: ArrivedRequest): ExchangeSource {
  const { request, response, head, target, expectsContinue, origin, stream, upgrade } = arrived;
  const upgradable = upgrade === undefined ? undefined : new UpgradableAnswer(request, response, upgrade);
  return {
    method: request.method ?? '',
    head,
    target,
    address: origin?.address ?? plainAddress(request.socket.remoteAddress),
    protocol: origin?.protocol,
    through: origin?.through,
    expectsContinue,
    body: request,
    client:
      stream === undefined
        ? (upgradable ?? new ClientAnswer(request, response))
        : new Http2Answer(stream, head.takesTrailers === true),
    upgrade: upgradable,
  };
}
