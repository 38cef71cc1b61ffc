import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleAnswers, sampleSaga } from './testing/sample-saga.ts';
import { spec } from './testing/spec.ts';

const input = { orderId: 'o-1', count: 2 };
const start = () => spec(sampleSaga).start(input);
const atCapture = () =>
  start().replies('reserve', sampleAnswers.reserve).replies('authorise', sampleAnswers.authorise).replies('notify');

test('steps are sent one after the other, each built from what the others answered', () => {
  start()
    .expectSent('reserve', 'do', input)
    .replies('reserve', sampleAnswers.reserve)
    .expectSent('authorise')
    .replies('authorise', sampleAnswers.authorise)
    .expectSent('notify')
    .replies('notify')
    .expectSent('capture', 'do', { orderId: 'o-1', authorisationId: 'a-1' })
    .replies('capture')
    .expectSent('ship')
    .expectState('running')
    .replies('ship', sampleAnswers.ship)
    .expectState('completed')
    .expectSteps('reserve done', 'authorise done', 'notify done', 'capture done', 'ship done');
});

test('a refusal of the first step undoes nothing', () => {
  start()
    .refuses('reserve', 'OutOfStock', { available: 0 })
    .expectWhy({ reason: 'refused', step: 'reserve', code: 'OutOfStock', data: { available: 0 } })
    .expectUndone();
});

test('a refusal undoes what was done, in reverse order, and keeps what needs no undoing', () => {
  atCapture()
    .refuses('capture', 'Expired')
    .expectState('compensating')
    .expectSent('authorise', 'undo')
    .replies('authorise')
    .expectSent('reserve', 'undo', { orderId: 'o-1', reservationId: 'r-1' })
    .expectUndone('authorise', 'reserve')
    .expectSteps('reserve undone', 'authorise undone', 'notify kept', 'capture refused');
});

test('a step that is not answered is sent again, ever later, and then undone as possibly done', () => {
  const authorising = start().replies('reserve', sampleAnswers.reserve).passes(999);
  assert.equal(authorising.sent.length, 2);
  authorising
    .passes(1)
    .expectSent('authorise')
    .expectState('running')
    .passes(1_999)
    .expectSteps('reserve done', 'authorise sent');
  authorising
    .passes(1)
    .expectState('compensating')
    .expectSent('authorise', 'undo')
    .expectWhy({ reason: 'timed-out', step: 'authorise' })
    .expectUndone('authorise', 'reserve');
});

test('a step that is undone as possibly done has no result, until its late answer brings one', () => {
  start()
    .timesOut()
    .timesOut()
    .timesOut()
    .expectSent('reserve', 'undo', { orderId: 'o-1', reservationId: undefined })
    .receives('reserve', 'do', { ok: true, value: sampleAnswers.reserve })
    .timesOut()
    .expectSent('reserve', 'undo', { orderId: 'o-1', reservationId: 'r-1' })
    .expectUndone('reserve');
});

test('the pivot and what follows it are sent again for ever, at most a minute apart', () => {
  const waiting = atCapture();
  const before = waiting.sent.length;
  waiting.passes(3_600_000).expectState('running').expectSent('capture');
  assert.equal(waiting.sent.length - before, 64, 'after 1, 2, 4, 8, 16, 32 and then every 60 seconds');
  waiting.replies('capture').passes(3_600_000).expectState('running').expectSent('ship');
  waiting.replies('ship', sampleAnswers.ship).expectState('completed');
});

test('the deadline turns a saga back until its pivot is sent, and never after', () => {
  const slow = () => spec({ ...sampleSaga, deadlineMs: 1_500 }).start(input);
  slow()
    .replies('reserve', sampleAnswers.reserve)
    .passes(1_500)
    .expectWhy({ reason: 'timed-out', step: 'authorise' })
    .expectUndone('authorise', 'reserve');
  slow()
    .replies('reserve', sampleAnswers.reserve)
    .replies('authorise', sampleAnswers.authorise)
    .replies('notify')
    .passes(600_000)
    .expectState('running')
    .replies('capture')
    .replies('ship', sampleAnswers.ship)
    .expectState('completed');
});

test('replies that come twice, late or to nobody change nothing', () => {
  const ok = { ok: true as const, value: sampleAnswers.reserve };
  const running = start().receives('reserve', 'do', ok);
  const { instance, sent } = running;
  const count = sent.length;
  running
    .receives('reserve', 'do', ok)
    .receives('reserve', 'do', { ok: false, refusal: { code: 'OutOfStock', data: {} } })
    .receives('reserve', 'undo', { ok: true, value: null })
    .receives('ship', 'do', ok)
    .receives('nonsense', 'do', ok);
  assert.deepEqual(running.instance, instance);
  assert.equal(running.sent.length, count);
  const ended = start().refuses('reserve', 'OutOfStock', { available: 0 }).expectState('compensated');
  const end = ended.instance;
  assert.deepEqual(ended.receives('reserve', 'do', ok).instance, end);
});

test('an answer to an earlier attempt counts as well as one to the last', () => {
  start().timesOut().replies('reserve', sampleAnswers.reserve).expectSent('authorise').expectState('running');
});

test('a compensation that is not answered in ten attempts needs an operator, and a late answer helps too', () => {
  const stuck = () => {
    const waiting = start().replies('reserve', sampleAnswers.reserve).refuses('authorise', 'Declined');
    for (let attempt = 1; attempt <= 10; attempt += 1) waiting.expectSent('reserve', 'undo').timesOut();
    return waiting.expectState('needs-operator');
  };
  stuck()
    .passes(86_400_000)
    .expectState('needs-operator')
    .operates({ do: 'retry' })
    .expectState('compensating')
    .expectUndone('reserve');
  stuck().receives('reserve', 'undo', { ok: true, value: null }).expectState('compensated');
});

test('a compensation that is refused needs an operator', () => {
  start()
    .replies('reserve', sampleAnswers.reserve)
    .refuses('authorise', 'Declined')
    .refuses('reserve', 'No')
    .expectState('needs-operator')
    .operates({ do: 'retry' })
    .expectUndone('reserve');
});

test('a step after the pivot that is refused against its contract needs an operator', () => {
  atCapture()
    .replies('capture')
    .refuses('ship', 'NoCarrier')
    .expectState('needs-operator')
    .operates({ do: 'retry' })
    .expectSent('ship')
    .replies('ship', sampleAnswers.ship)
    .expectState('completed');
});

test('a result that does not fit its contract needs an operator', () => {
  const stuck = start().replies('reserve', { reservationId: 7 }).expectState('needs-operator');
  assert.equal(
    stuck.instance.problem,
    'the result of reserve does not fit its contract: result.reservationId: expected string',
  );
  stuck
    .operates({ do: 'retry' })
    .expectSent('reserve')
    .replies('reserve', sampleAnswers.reserve)
    .expectSent('authorise');
});

test('an end that fails is tried again, ever later, and after ten times needs an operator', () => {
  const ending = start().failsToEnd('no disk').refuses('reserve', 'OutOfStock', { available: 0 });
  ending.expectState('compensating');
  ending.passes(999).expectState('compensating').passes(1).expectState('compensated');
  const stuck = start().failsToEnd('no disk').refuses('reserve', 'OutOfStock', { available: 0 });
  for (let time = 2; time <= 10; time += 1) stuck.expectState('compensating').failsToEnd('no disk').timesOut();
  stuck.expectState('needs-operator').operates({ do: 'retry' }).expectState('compensated');
  assert.match(
    stuck.history.find(({ what }) => what === 'stuck')?.detail ?? '',
    /failed 10 times, the last time with: no disk/,
  );
});

test('every change is explained in the history', () => {
  const { history } = start()
    .replies('reserve', sampleAnswers.reserve)
    .refuses('authorise', 'Declined')
    .expectUndone('reserve');
  assert.deepEqual(
    history.map(({ what, step, direction, attempt, detail }) => [what, step, direction, attempt, detail]),
    [
      ['started', undefined, undefined, undefined, undefined],
      ['sent', 'reserve', 'do', 1, 'stock.reserve'],
      ['done', 'reserve', 'do', 1, undefined],
      ['sent', 'authorise', 'do', 1, 'money.authorise'],
      ['refused', 'authorise', 'do', 1, 'Declined'],
      ['turned-back', 'authorise', undefined, undefined, 'Declined'],
      ['sent', 'reserve', 'undo', 1, 'stock.release'],
      ['undone', 'reserve', 'undo', 1, undefined],
      ['compensated', undefined, undefined, undefined, undefined],
    ],
  );
});
