import type { Explanation } from '@dure/proxy/gateway';
import type { TokenSigner } from '@dure/service/client';
import { dureErrors } from '../errors.ts';
import type { StartedService } from './child-message.ts';
import { getJson } from './transport.ts';

const timeoutMs = 1_000;

/** Asks every process of the gateway why a request was answered so; one has answered it. DURE_REQUEST_UNKNOWN when it does not remember it. */
export async function explainRequest(
  id: string,
  host: string,
  services: readonly StartedService[],
  signer: TokenSigner | undefined,
): Promise<Explanation> {
  const authorization = await signer?.authorize('gateway', undefined);
  const ask = ({ managementPort }: StartedService) =>
    getJson(
      `http://${host}:${managementPort}/actuator/gateway/requests/${encodeURIComponent(id)}`,
      timeoutMs,
      authorization,
    );
  const answers = await Promise.all(services.filter(({ name }) => name === 'gateway').map(ask));
  const found = answers.find((answer) => answer.ok && answer.status === 200);
  if (found?.ok === true) return found.body as Explanation;
  const silent = answers.find((answer) => !answer.ok);
  throw dureErrors.REQUEST_UNKNOWN(
    silent === undefined && answers.length > 0
      ? `the gateway remembers no request "${id}"; it keeps its last 2 000, by the field "Dure-Request-Id" of their answers`
      : `the gateway does not answer: ${silent?.reason ?? 'no process of it is ready'}`,
  );
}
