import type { Call } from '@dure/core';
import type { Telemetry } from '@dure/telemetry';
import type { SagaChange } from './change.ts';
import { stateOf } from './instance.ts';

/** Whether this change ended the saga: not so one that only notes an answer that came late, which is said of a saga that had ended. */
export function hasEnded({ history }: Pick<SagaChange, 'history'>): boolean {
  return history.some(({ what }) => what === 'completed' || what === 'compensated');
}

/** Turns changes into log lines and metrics: the only place of this package that does. */
export function reporter(telemetry: Telemetry): (change: SagaChange, call: Call) => void {
  const { log, metrics } = telemetry;
  const ended = metrics.counter('sagas_ended', 'Sagas that have ended, by name and outcome');
  const stuck = metrics.counter('sagas_stuck', 'Times that a saga needed an operator');
  const timedOut = metrics.counter('saga_steps_timed_out', 'Attempts of steps that were not answered in time');
  const seconds = metrics.histogram('saga_seconds', 'Time from the start of a saga to its end, by name and outcome');
  return ({ instance, history }, { trace }) => {
    const { id, saga, key } = instance;
    for (const { what, step, direction, attempt, detail } of history) {
      const fields = { saga, key, id, step, direction, attempt, detail, trace };
      if (what === 'stuck') {
        stuck.add(1, { saga });
        log.error('a saga needs an operator', fields);
      } else if (what === 'timed-out') {
        timedOut.add(1, { saga, step });
        log.warn('a step of a saga was not answered in time', fields);
      } else if (what === 'end-failed') log.warn('the end of a saga failed and will be tried again', fields);
      else log.debug(`saga ${what}`, fields);
    }
    if (!hasEnded({ history }) || instance.finishedAt === undefined) return;
    const outcome = stateOf(instance);
    log.info(`the saga ${saga} is ${outcome}`, { key, id, trace });
    ended.add(1, { saga, outcome });
    seconds.record((instance.finishedAt - instance.startedAt) / 1_000, { saga, outcome });
  };
}
