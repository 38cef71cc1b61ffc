import { isDureError, mayRepeat } from '@dure/core';
import type { ArrivedRequest } from '../engine/arrived-request.ts';
import { demandBody, mustClose } from '../engine/arrived-request.ts';
import { Forwarding } from '../engine/forwarding.ts';
import { sendProblem } from '../engine/problem.ts';
import { plainAddress } from '../http/forwarding-fields.ts';
import type { Admission } from './admission.ts';
import { admit, demandAccess } from './admission.ts';
import type { Edge } from './edge.ts';
import type { Route } from './route-table.ts';
import { forgottenCookie } from './session.ts';

/** What an address of the gateway itself may change about a forwarded request. */
export interface ForwardChange {
  readonly target?: string;
  readonly rewrite?: (
    status: number,
    body: Buffer,
  ) => { readonly fields: readonly string[]; readonly body: string } | undefined;
}

/** Starts the trace, verifies whoever asks and forwards the request to the route's service. */
export function forward(edge: Edge, arrived: ArrivedRequest, route: Route, change: ForwardChange = {}): void {
  const { request, response, head, target, expectsContinue } = arrived;
  const startedMs = edge.clock.monotonicMs();
  const span = edge.telemetry.startSpan(`${route.method} ${route.template}`, {
    kind: 'server',
    attributes: { 'http.request.method': request.method, 'http.route': route.template, 'dure.service': route.service },
  });
  const refuse = (error: unknown, extra: readonly string[] = []) => {
    span.fail(error);
    if (!isDureError(error)) edge.telemetry.log.error('the gateway failed', { error, trace: span.context });
    if (mustClose(request, edge.limits.maxBodyBytes)) response.shouldKeepAlive = false;
    const status = sendProblem(response, error, span.context.traceId, extra);
    span.set('http.response.status_code', status);
    span.end();
    edge.meters.answered(route.destination, status, (edge.clock.monotonicMs() - startedMs) / 1_000);
  };
  const letIn = ({ identity, authorization, cookie, forget }: Admission) => {
    const answerFields = forget ? ['set-cookie', forgottenCookie(edge.secure)] : noFields;
    try {
      demandAccess(route.access, identity);
    } catch (error) {
      refuse(error, answerFields);
      return;
    }
    if (response.destroyed) {
      span.end();
      edge.meters.answered(route.destination, 499, (edge.clock.monotonicMs() - startedMs) / 1_000);
      return;
    }
    new Forwarding(edge, {
      request,
      response,
      destination: route.destination,
      isRepeatable: mayRepeat(route.operation, head.idempotencyKey),
      target: change.target ?? target.path + target.query,
      head,
      address: plainAddress(request.socket.remoteAddress),
      authorization,
      cookie,
      span,
      startedMs,
      expectsContinue,
      answerFields,
      ...(change.rewrite === undefined ? {} : { rewrite: change.rewrite }),
    }).start();
  };
  try {
    demandBody(head, route.method === 'GET', edge.limits.maxBodyBytes, `${route.method} ${route.template}`);
    const admission = admit(head, request.method ?? '', edge.verifier);
    if (admission instanceof Promise) admission.then(letIn).catch(refuse);
    else letIn(admission);
  } catch (error) {
    refuse(error);
  }
}

const noFields: readonly string[] = [];
