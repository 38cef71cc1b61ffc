import type { Clock } from '@dure/core';
import type { KubernetesApi } from './transport.ts';

/** Options of `kubernetesConfigSource`. */
export interface KubernetesConfigOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  /** Names of ConfigMaps, a later one before an earlier one. Default: none. */
  readonly configMaps?: readonly string[];
  /** Names of Secrets, all before the ConfigMaps. Default: none. */
  readonly secrets?: readonly string[];
  readonly clock: Clock;
  /** How long the API server may take for an answer, in milliseconds. Default 5 000. */
  readonly answerWithinMs?: number;
}

/** A ConfigMap or a Secret by its name. */
export interface ConfigObject {
  readonly kind: 'configmap' | 'secret';
  readonly name: string;
}

/** The objects that are named, lowest precedence first. */
export function configObjects({
  configMaps = [],
  secrets = [],
}: Pick<KubernetesConfigOptions, 'configMaps' | 'secrets'>): readonly ConfigObject[] {
  return [
    ...configMaps.map((name) => ({ kind: 'configmap', name }) as const),
    ...secrets.map((name) => ({ kind: 'secret', name }) as const),
  ];
}

/** Where all objects of its kind lie. */
export function collectionPath({ kind }: ConfigObject, namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/${kind}s`;
}
