import type { TokenSigner } from '@dure/service/client';
import type { StartedService } from './child-message.ts';
import { postForJson } from './transport.ts';

const timeoutMs = 1_000;

/** The console's URL with a fresh one-time token; without one while the console cannot be asked. */
export async function consoleLink(
  base: string,
  host: string,
  found: StartedService | undefined,
  signer: TokenSigner | undefined,
): Promise<string> {
  if (found === undefined) return base;
  const authorization = await signer?.authorize('console', undefined);
  const url = `http://${host}:${found.managementPort}/actuator/console/token`;
  const answer = await postForJson(url, timeoutMs, authorization);
  const token = answer.ok && answer.status === 200 ? (answer.body as { readonly token?: string }).token : undefined;
  return token === undefined ? base : `${base}/?token=${token}`;
}
