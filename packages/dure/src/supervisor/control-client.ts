import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { ErrorDetails, ErrorKind } from '@dure/core';
import { DureError, isDureError, messageOf } from '@dure/core';
import { dureErrors } from '../errors.ts';
import type { ControlAnswers, ControlRequest } from './control-server.ts';
import type { ControlFile } from './lock.ts';
import { readControlFile } from './lock.ts';

/**
 * Asks the supervisor that runs a system on this state folder. DURE_NOT_RUNNING when none does, DURE_CONTROL_FAILED when
 * it does not answer within `timeoutMs`; otherwise what went wrong there.
 */
export async function askSupervisor<Ask extends keyof ControlAnswers>(
  stateFolder: string,
  request: Extract<ControlRequest, { readonly ask: Ask }>,
  timeoutMs = 10_000,
): Promise<ControlAnswers[Ask]> {
  const control = await readControlFile(stateFolder);
  if (control === undefined) {
    throw dureErrors.NOT_RUNNING(`no system is running on ${stateFolder}`, { details: { folder: stateFolder } });
  }
  try {
    return (await exchange(control, request, timeoutMs)) as ControlAnswers[Ask];
  } catch (cause) {
    if (isDureError(cause)) throw cause;
    throw failed(control, messageOf(cause), cause);
  }
}

type ControlAnswer =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly message: string;
      readonly code?: string;
      readonly kind?: ErrorKind;
      readonly retryable?: boolean;
      readonly details?: ErrorDetails;
    };

async function exchange(control: ControlFile, request: ControlRequest, timeoutMs: number): Promise<unknown> {
  const socket = connect(control.socket);
  socket.setTimeout(timeoutMs, () => socket.destroy(new RangeError(`no answer within ${timeoutMs} ms`)));
  const faulty = new Promise<never>((_, reject) => socket.once('error', reject));
  faulty.catch(() => undefined);
  socket.write(`${JSON.stringify(request)}\n`);
  const first = createInterface({ input: socket })[Symbol.asyncIterator]().next();
  const { value, done } = await Promise.race([first, faulty]);
  socket.destroy();
  if (done === true) throw failed(control, 'it closed the connection');
  const answer = JSON.parse(value) as ControlAnswer;
  if (answer.ok) return answer.value;
  const { code, kind, message, retryable = false, details = {} } = answer;
  if (code === undefined || kind === undefined) throw failed(control, message);
  throw new DureError(code, kind, message, { retryable, details });
}

function failed(control: ControlFile, reason: string, cause?: unknown) {
  return dureErrors.CONTROL_FAILED(
    `the supervisor of ${control.module} (process ${control.pid}) did not answer: ${reason}`,
    {
      cause,
      details: { module: control.module, pid: control.pid, reason },
    },
  );
}
