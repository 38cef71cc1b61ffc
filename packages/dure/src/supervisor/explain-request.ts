import type { TokenSigner } from '@dure/service/client';
import { dureErrors } from '../errors.ts';
import type { StartedService } from './child-message.ts';
import { getJson } from './transport.ts';

/** Why the gateway answered a request as it did. */
export interface RequestExplanation {
  /** The `Dure-Request-Id` of the answer. */
  readonly id: string;
  /** When the answer had ended, in epoch milliseconds. */
  readonly at: number;
  readonly client: string;
  readonly caller: string;
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly service: string;
  readonly status: number;
  readonly tookMs: number;
  readonly notes: readonly { readonly what: string; readonly text: string; readonly atMs: number }[];
}

const timeoutMs = 1_000;

/** Asks the gateway why a request was answered so. DURE_REQUEST_UNKNOWN when it does not remember it. */
export async function explainRequest(
  id: string,
  host: string,
  gateway: StartedService | undefined,
  signer: TokenSigner | undefined,
): Promise<RequestExplanation> {
  const authorization = await signer?.authorize('gateway', undefined);
  const url = `http://${host}:${gateway?.managementPort ?? 0}/actuator/gateway/requests/${encodeURIComponent(id)}`;
  const answer = await getJson(url, timeoutMs, authorization);
  if (answer.ok && answer.status === 200) return answer.body as RequestExplanation;
  throw dureErrors.REQUEST_UNKNOWN(
    answer.ok
      ? `the gateway remembers no request "${id}"; it keeps its last 2 000, by the field "Dure-Request-Id" of their answers`
      : `the gateway does not answer: ${answer.reason}`,
  );
}
