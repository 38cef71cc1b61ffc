import type { Problem } from '@dure/core';
import { DureError, errorEntry } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import { dureErrors } from '../errors.ts';
import type { StartedService } from './child-message.ts';
import type { ControlRequest, ManagementAnswer, ManagementQuestion, ManagementSurvey } from './control-server.ts';
import { explainRequest } from './explain-request.ts';
import { askJson } from './transport.ts';

const timeoutMs = 5_000;

/** Answers what only the services themselves can. */
export function askServices(
  request: Extract<ControlRequest, { readonly ask: 'explain' | 'manage' | 'manage-each' }>,
  host: string,
  services: readonly StartedService[],
  signer: TokenSigner | undefined,
): Promise<unknown> {
  switch (request.ask) {
    case 'explain':
      return explainRequest(request.id, host, services, signer);
    case 'manage':
      return askManagement(request, host, services, signer);
    case 'manage-each':
      return askEach(request, host, services, signer);
    default:
      return request satisfies never;
  }
}

/** DURE_MANAGEMENT_REFUSED when one does not answer. */
async function askEach(
  { method, path, body }: ManagementSurvey,
  host: string,
  services: readonly StartedService[],
  signer: TokenSigner | undefined,
): Promise<readonly ManagementAnswer[]> {
  const oneOf = new Map(services.map((one) => [one.name, one]));
  const answers = await Promise.all(
    [...oneOf.values()].map(async ({ name, managementPort }) => {
      const authorization = await signer?.authorize(name, undefined);
      const url = `http://${host}:${managementPort}/actuator/${path}`;
      const answer = await askJson(method, url, timeoutMs, authorization, body);
      if (!answer.ok)
        throw dureErrors.MANAGEMENT_REFUSED(`${name} does not answer: ${answer.reason}`, { retryable: true });
      return { service: name, status: answer.status, body: answer.body };
    }),
  );
  return answers.filter(({ status }) => status !== 404);
}

/** DURE_SERVICE_UNKNOWN when no process of the service is ready; what it refuses with; DURE_MANAGEMENT_REFUSED. */
async function askManagement(
  { service, instanceId, method, path, body }: ManagementQuestion,
  host: string,
  services: readonly StartedService[],
  signer: TokenSigner | undefined,
): Promise<unknown> {
  const isMeant = (one: StartedService) => instanceId === undefined || one.instanceId === instanceId;
  const found = services.find((one) => one.name === service && isMeant(one));
  if (found === undefined) {
    const names = [...new Set(services.map(({ name }) => name))].join(', ');
    throw dureErrors.SERVICE_UNKNOWN(`no process of a service "${service.slice(0, 100)}" is ready; there are ${names}`);
  }
  const authorization = await signer?.authorize(service, undefined);
  const url = `http://${host}:${found.managementPort}/actuator/${path.split('/').map(encodeURIComponent).join('/')}`;
  const answer = await askJson(method, url, timeoutMs, authorization, body);
  if (!answer.ok) throw dureErrors.MANAGEMENT_REFUSED(`${service} does not answer: ${answer.reason}`);
  if (answer.status < 300) return answer.body;
  throw refusalOf(service, answer.status, (answer.body ?? {}) as Partial<Problem>);
}

function refusalOf(service: string, status: number, { code, detail, title }: Partial<Problem>): Error {
  const text = detail ?? title ?? 'without saying why';
  const entry = code === undefined ? undefined : errorEntry(code);
  if (code !== undefined && status < 500)
    return new DureError(code, entry?.kind ?? 'invalid', text, { details: { service, status } });
  return dureErrors.MANAGEMENT_REFUSED(`${service} answered ${status}: ${text}`, { details: { service, status } });
}
