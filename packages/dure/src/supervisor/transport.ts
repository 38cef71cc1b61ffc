import { Agent, request } from 'node:http';
import { messageOf } from '@dure/core';

/** What an endpoint answered, or why it did not. */
export type Answer =
  | { readonly ok: true; readonly status: number; readonly body: unknown }
  | { readonly ok: false; readonly reason: string };

const agent = new Agent({ keepAlive: true, maxSockets: 2 });
const maxBodyBytes = 4 * 2 ** 20;

/** Gets JSON from an endpoint of our own on this machine. Never rejects. */
export function getJson(url: string, timeoutMs: number, authorization?: string): Promise<Answer> {
  return ask('GET', url, timeoutMs, authorization);
}

/** Posts nothing to an endpoint of our own on this machine and gets JSON. Never rejects. */
export function postForJson(url: string, timeoutMs: number, authorization?: string): Promise<Answer> {
  return ask('POST', url, timeoutMs, authorization);
}

/** Asks an endpoint of our own on this machine; a body is sent as JSON. Never rejects. */
export function askJson(
  method: 'GET' | 'POST',
  url: string,
  timeoutMs: number,
  authorization: string | undefined,
  body: unknown,
): Promise<Answer> {
  return ask(method, url, timeoutMs, authorization, body === undefined ? undefined : JSON.stringify(body));
}

function ask(
  method: string,
  url: string,
  timeoutMs: number,
  authorization: string | undefined,
  sent?: string,
): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve({ ok: false, reason: messageOf(error) });
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const outgoing = request(url, { method, agent, headers, timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > maxBodyBytes) outgoing.destroy(new RangeError('the answer is too long'));
      });
      response.on('error', fail);
      response.on('end', () => resolve({ ok: true, status: response.statusCode ?? 0, body: parse(text) }));
    });
    outgoing.on('timeout', () => outgoing.destroy(new RangeError(`no answer within ${timeoutMs} ms`)));
    outgoing.on('error', fail);
    outgoing.end(sent);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
