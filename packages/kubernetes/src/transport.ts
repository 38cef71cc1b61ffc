import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { kubernetesErrors } from './errors.ts';

/** Where the API server is, and how to be let in. */
export interface KubernetesAccess {
  /** `https://10.0.0.1:6443`; plain HTTP for `kubectl proxy`. */
  readonly url: string;
  /** Asked before every request, because tokens are renewed. */
  readonly token?: () => Promise<string>;
  /** The certificate authority of the server, PEM. */
  readonly ca?: string;
}

/** Asks the API server. */
export interface KubernetesApi {
  /** The pieces of the body of a GET. KUBERNETES_REFUSED when the status is 400 or above. Ends when `signal` aborts. */
  get(path: string, signal: AbortSignal): Promise<AsyncIterable<string>>;
}

/** The access every pod has: the mounted service account. Rejects where none is mounted. */
export async function inCluster(
  url: string = 'https://kubernetes.default.svc',
  folder: string = '/var/run/secrets/kubernetes.io/serviceaccount',
): Promise<KubernetesAccess> {
  const ca = await readFile(`${folder}/ca.crt`, 'utf8');
  return { url, ca, token: async () => (await readFile(`${folder}/token`, 'utf8')).trim() };
}

/** The API server over HTTP. */
export function kubernetesApi(access: KubernetesAccess): KubernetesApi {
  const { url, token, ca } = access;
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return {
    async get(path, signal) {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${await token()}` };
      const headers = { accept: 'application/json', ...authorization };
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = send(new URL(path, url), { headers, signal, ...(ca === undefined ? {} : { ca }) }, resolve);
        sent.once('error', reject);
        sent.end();
      });
      const status = response.statusCode ?? 0;
      response.setEncoding('utf8');
      if (status < 400) return response;
      response.destroy();
      throw kubernetesErrors.REFUSED(`GET ${path} was answered ${status} by ${url}`, { details: { path, status } });
    },
  };
}
