import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '@dure/core/testing';
import type { Answer } from '../engine/answer.ts';
import type { EdgeHandler } from '../engine/edge-layer.ts';
import { users, usersProto } from '../testing/grpc-users.ts';
import { openEdge } from '../testing/open-edge.ts';
import { until } from '../testing/until.ts';
import { EventsAnswer } from './events-answer.ts';
import { frame } from './frame-reader.ts';
import { grpcMethods } from './grpc-method.ts';
import { encodeMessage } from './message-json.ts';

const operation = users.operations.watch;
const method = grpcMethods()(operation, { service: 'shop.v1.Users', method: 'Watch', ...usersProto });

test('a stream that is silent sends a comment every 15 s, until it ends', async () => {
  const clock = fakeClock();
  let answer: Answer | undefined;
  const handler: EdgeHandler = (exchange) => {
    answer = new EventsAnswer({ exchange, operation, method });
    answer.begin(200, ['content-type', 'application/grpc'], undefined);
  };
  await using edge = await openEdge([], { clock, handler });
  const events = await fetch(`${edge.origin}/users/ann/events`);
  let heard = '';
  const reading = (async () => {
    for await (const piece of events.body ?? []) heard += Buffer.from(piece).toString();
  })();
  await clock.advance(14_999);
  answer?.write(frame(encodeMessage(method.output, { id: 'ann' })));
  await until('the event is there', () => heard !== '');
  await clock.advance(1);
  await until('the comment is there', () => heard.endsWith(':\n\n'));
  await clock.advance(15_000);
  await until('the second is there', () => heard.endsWith(':\n\n:\n\n'));
  answer?.end(undefined, ['grpc-status', '0']);
  await reading;
  await clock.advance(60_000);
  assert.equal(heard, 'data: {"id":"ann","points":"0"}\n\n:\n\n:\n\n');
});
