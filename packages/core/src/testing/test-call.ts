import type { Call, CallChange } from '../call.ts';
import { startCall } from '../call.ts';
import type { Ids } from '../ids.ts';
import { ids } from '../ids.ts';
import { seededRandom } from '../random.ts';
import { newTrace } from '../trace-context.ts';
import { fakeClock } from './fake-clock.ts';

/** Reproducible identifiers. */
export function testIds(seed = 1): Ids {
  return ids(fakeClock(), seededRandom(seed));
}

/** A call for a test: no deadline, nobody in particular. */
export function testCall(change: CallChange = {}): Call {
  return startCall({ trace: newTrace(testIds()), ...change });
}
