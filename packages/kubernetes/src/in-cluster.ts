import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@dure/core';
import { kubernetesErrors } from './errors.ts';
import type { KubernetesAccess } from './transport.ts';

/** The access that a pod has. */
export interface InClusterAccess extends KubernetesAccess {
  /** The pod's own namespace. */
  readonly namespace: string;
}

/**
 * The access every pod has: the mounted service account. Token and certificate authority are read before every request,
 * for both are renewed in place. KUBERNETES_NOT_IN_CLUSTER where none is mounted.
 */
export async function inCluster(
  url: string = 'https://kubernetes.default.svc',
  folder: string = '/var/run/secrets/kubernetes.io/serviceaccount',
): Promise<InClusterAccess> {
  const read = async (name: string): Promise<string> => {
    const file = join(folder, name);
    try {
      return (await readFile(file, 'utf8')).trim();
    } catch (cause) {
      throw kubernetesErrors.NOT_IN_CLUSTER(`the service account's file ${file} cannot be read: ${messageOf(cause)}`, {
        cause,
        details: { file },
      });
    }
  };
  const [namespace] = await Promise.all([read('namespace'), read('token'), read('ca.crt')]);
  return { url, namespace, ca: () => read('ca.crt'), token: () => read('token') };
}
