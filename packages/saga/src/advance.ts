import type { SagaChange, SagaEvent } from './change.ts';
import type { SagaInstance } from './instance.ts';
import { move } from './move.ts';
import { operate } from './operate.ts';
import { arrived, ran, replied } from './replied.ts';
import type { AnySaga } from './saga.ts';
import { Turn } from './turn.ts';
import { ended, endFailed, woken } from './woken.ts';

/**
 * The saga engine, as a pure function: what an event at a point in time makes of an instance. It knows neither clock nor
 * store nor network; the same arguments give the same change. An event that says nothing new changes nothing.
 *
 * Design: steps as in "Sagas" (Garcia-Molina and Salem, 1987) with the pivot of Chris Richardson's *Microservices
 * Patterns*; unknown outcomes and the fences that they need after Apache Seata's TCC mode.
 */
export function advance(saga: AnySaga, instance: SagaInstance, event: SagaEvent, now: number): SagaChange {
  const turn = new Turn(saga, instance, now);
  take(turn, event);
  return turn.change();
}

function take(turn: Turn, event: SagaEvent): undefined {
  switch (event.kind) {
    case 'started':
      turn.note({ what: 'started' });
      return move(turn);
    case 'replied':
      return replied(turn, event.step, event.direction, event.reply);
    case 'ran':
      return ran(turn, event.step, event.direction, event.outcome);
    case 'arrived':
      return arrived(turn, event.step, event.data);
    case 'woken':
      return woken(turn);
    case 'end-succeeded':
      return ended(turn);
    case 'end-failed':
      return endFailed(turn, event.message);
    case 'operated':
      return operate(turn, event.action, event);
    default:
      event satisfies never;
  }
}
