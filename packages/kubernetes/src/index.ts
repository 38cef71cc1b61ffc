export type { KubernetesConfigOptions } from './config-object.ts';
export type {
  KubernetesEvent,
  KubernetesInstances,
  KubernetesInstancesOptions,
  WatchedService,
} from './endpoint-slices.ts';
export { openKubernetesInstances } from './endpoint-slices.ts';
export { kubernetesErrors } from './errors.ts';
export type { InClusterAccess } from './in-cluster.ts';
export { inCluster } from './in-cluster.ts';
export type { KubernetesConfig } from './kubernetes-config.ts';
export { kubernetesConfig } from './kubernetes-config.ts';
export type { ConfigObjectUnwatched, KubernetesHintsOptions } from './kubernetes-config-hints.ts';
export { kubernetesConfigHints } from './kubernetes-config-hints.ts';
export { kubernetesConfigSource } from './kubernetes-config-source.ts';
export type { KubernetesAccess, KubernetesApi } from './transport.ts';
export { kubernetesApi } from './transport.ts';
